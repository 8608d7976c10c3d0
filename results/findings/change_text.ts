/** A number before and now, so written that a change can be seen. */
import type { MetricPair } from "../text/metrics.ts";
import { isPercent } from "../text/metric_tables.ts";

export interface ChangeText {
  /** Empty where there is none. */
  readonly before: string;
  readonly now: string;
  readonly change: string;
}

/**
 * Recalls, their sums and other shares in percent, their changes in points. One decimal, three of
 * other numbers, and more where two numbers that differ would look alike.
 */
export function changeText({ name, a, b, difference }: MetricPair): ChangeText {
  const percent = isPercent(name);
  const written = (value: number | null, decimals: number) =>
    value === null ? "" : (percent ? 100 * value : value).toFixed(decimals);
  const hidden = (decimals: number) =>
    difference !== null && difference !== 0 &&
    (written(a, decimals) === written(b, decimals) || Number(written(difference, decimals)) === 0);
  let decimals = percent ? 1 : 3;
  while (decimals < mostDecimals && hidden(decimals)) decimals++;
  const size = difference === null ? "" : written(Math.abs(difference), decimals);
  const sign = difference === null || difference === 0 ? "" : difference > 0 ? "+" : "−";
  return {
    before: written(a, decimals),
    now: written(b, decimals),
    change: `${sign}${size}`,
  };
}

/** What is smaller comes from adding up in another order. */
const mostDecimals = 10;
export const leastChange = 1e-10;
