/** Metrics of runs: their order, the most important ones, and how they are written. */

export interface Metric {
  readonly name: string;
  readonly split: string | null;
  readonly value: number | null;
}

export interface MetricPair {
  readonly name: string;
  readonly split: string | null;
  readonly a: number | null;
  readonly b: number | null;
  /** b - a; null if one of them is missing. */
  readonly difference: number | null;
}

/** The most important metrics, in this order; the others follow by name. */
const first = ["i2t_r1", "t2i_r1", "rsum", "pair_group", "isda", "gold_coverage"];

export function inOrder<Named extends { readonly name: string; readonly split: string | null }>(
  metrics: readonly Named[],
): Named[] {
  const rank = (name: string) => first.includes(name) ? first.indexOf(name) : first.length;
  return metrics.toSorted((a, b) =>
    rank(a.name) - rank(b.name) || naturally.compare(a.name, b.name) ||
    naturally.compare(a.split ?? "", b.split ?? "")
  );
}

/** The most important metrics; all if there are none of them. */
export function mainOf<Named extends { readonly name: string }>(
  metrics: readonly Named[],
): readonly Named[] {
  const main = [...first, ...leadingMetrics(metrics.map(({ name }) => name))];
  const found = metrics.filter(({ name }) => main.includes(name));
  return found.length > 0 ? found : metrics;
}

/** Metrics for a short summary: R@K of the smallest K in both directions, rsum, groups of pairs. */
export function leadingMetrics(metrics: readonly string[]): string[] {
  return [
    ...leadingRecalls(metrics),
    ...["rsum", "pair_group"].filter((name) => metrics.includes(name)),
  ];
}

/** R@K of the smallest K in both directions. */
export function leadingRecalls(metrics: readonly string[]): string[] {
  return directions.flatMap((direction) => recallsOf(metrics, direction).slice(0, 1));
}

/**
 * Names of recalls R@K, ordered by K, i2t before t2i.
 *
 * @param prefix prefix of a variant of the recalls, such as `fold5_`
 */
export function recallNames(metrics: Iterable<string>, prefix = ""): string[] {
  return directions.flatMap((direction) => recallsOf(metrics, `${prefix}${direction}`));
}

const directions = ["i2t", "t2i"] as const;

function recallsOf(metrics: Iterable<string>, direction: string): string[] {
  const start = `${direction}_r`;
  const cutoff = (name: string) => Number(name.slice(start.length));
  return [...new Set(metrics)]
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .sort((a, b) => cutoff(a) - cutoff(b));
}

/** `i2t_r5` before `i2t_r10`. */
const naturally = new Intl.Collator("en", { numeric: true });

/** Three decimals below ten, four digits above; empty if missing. */
export function metricText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 10 ? value.toFixed(3) : String(Number(value.toPrecision(4)));
}

export function differenceOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : b - a;
}

/** As `metricText`, with `+` or `−`. */
export function signedText(value: number | null): string {
  if (value === null) return "";
  const text = metricText(Math.abs(value));
  return value === 0 || Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}
