/** Result numbers of runs. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "./read_results.ts";

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
  /** b - a; null where one of them lacks. */
  readonly difference: number | null;
}

/** Those of one run, those that tell most first. */
export async function metricsOf(connection: DuckDBConnection, run: string): Promise<Metric[]> {
  const rows = await rowsOf<Metric>(
    connection,
    "SELECT name, split, value FROM metric WHERE run = $run",
    { run },
  );
  return inOrder(rows);
}

/** The metrics that tell most come first, in this order; the others by name. */
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

/** Those that tell most; all where none does. */
export function mainOf<Named extends { readonly name: string }>(
  metrics: readonly Named[],
): readonly Named[] {
  const main = [...first, ...leadingMetrics(metrics.map(({ name }) => name))];
  const found = metrics.filter(({ name }) => main.includes(name));
  return found.length > 0 ? found : metrics;
}

/** Those that stand for all where few are told: R@K of the least K each way, rsum, groups of pairs. */
export function leadingMetrics(metrics: Iterable<string>): string[] {
  const all = new Set(metrics);
  const least = ["i2t_r", "t2i_r"].flatMap((start) => {
    const cutoffs = [...all].flatMap((name) =>
      name.startsWith(start) && /^\d+$/.test(name.slice(start.length))
        ? [Number(name.slice(start.length))]
        : []
    );
    return cutoffs.length === 0 ? [] : [`${start}${Math.min(...cutoffs)}`];
  });
  return [...least, ...["rsum", "pair_group"].filter((name) => all.has(name))];
}

/** R@K of all queries of a direction. */
export function isRecall(name: string): boolean {
  return /^(i2t|t2i)_r\d+$/.test(name);
}

/** `i2t_r5` before `i2t_r10`. */
const naturally = new Intl.Collator("en", { numeric: true });

/** Three decimals below ten, four digits above; nothing where there is none. */
export function metricText(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return Math.abs(value) < 10 ? value.toFixed(3) : String(Number(value.toPrecision(4)));
}

export function differenceOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : b - a;
}

/** With `+` or `−`, as many decimals as metrics have. */
export function signedText(value: number | null): string {
  if (value === null) return "";
  const text = metricText(Math.abs(value));
  return value === 0 || Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}
