/** Numbers, durations and times as tables and reports write them. */

/** `27.7` for a fraction in percent, one decimal; other numbers with three decimals. */
export function valueText(value: number, percent: boolean): string {
  if (!Number.isFinite(value)) return String(value);
  return percent ? (100 * value).toFixed(1) : value.toFixed(3);
}

/** `+1.0`, `−0.9`, `0.0`: as `valueText`, with a sign (U+2212 for minus). */
export function signedValue(value: number, percent: boolean): string {
  const text = valueText(Math.abs(value), percent);
  if (Number(text) === 0) return text;
  return `${value > 0 ? "+" : "−"}${text}`;
}

/**
 * `i→t R@1` for `i2t_r1`, `pairs: group` for `pair_group`, `relation: group` for `pair_group_relation`;
 * other metrics keep their names.
 */
export function metricTitle(metric: string): string {
  const [, part, kind = "pairs"] = /^pair_(text|image|group)(?:_(\w+))?$/.exec(metric) ?? [];
  if (part !== undefined) return `${kind}: ${part}`;
  const [, direction, cutoff] = /^(i2t|t2i)_r(\d+)$/.exec(metric) ?? [];
  if (direction === undefined) return metric;
  return `${direction === "i2t" ? "i→t" : "t→i"} R@${cutoff}`;
}

/** `+0.17`, `−0.80` */
export function correlationText(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/** `1 run`, `2 runs`. */
export function countText(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** `2026-01-31 12:05 UTC` */
export function timeText(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}

/** `0.4 s`, `12 s`, `3:05 min`, `2:05 h`: narrow, for columns. */
export function secondsText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (number: number) => String(number).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)} min`;
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))} h`;
}
