/** The bench's table of one workload. */
import type { Ready } from "./route_process.ts";

export interface Measured extends Ready {
  readonly route: string;
  /** By round, then step. */
  readonly seconds: readonly (readonly number[])[];
  /** Bytes. */
  readonly peakMemory: number | undefined;
}

export interface TableOptions {
  /** How far results may be apart, relative to their size. */
  readonly tolerance: number;
  /** Seconds of a step's products at the processor's peak. */
  readonly fastestPossible: number;
}

/** Ratios are each route's median over that of the first; their range is over rounds. */
export function tableLines(
  measured: readonly Measured[],
  { tolerance, fastestPossible }: TableOptions,
): string[] {
  const [base] = measured;
  if (base === undefined) return [];
  const headings = ["route", "median", "fastest", "of peak", "ratio", "by round"]
    .concat("first step", "peak memory");
  const rows = measured.map((one) => [
    one.route,
    milliseconds(median(one.seconds.flat())),
    milliseconds(Math.min(...one.seconds.flat())),
    `${(100 * fastestPossible / median(one.seconds.flat())).toFixed(0)} %`,
    (median(one.seconds.flat()) / median(base.seconds.flat())).toFixed(2),
    range(one.seconds.map((turn, round) => median(turn) / median(base.seconds[round]!))),
    `${one.first.toFixed(1)} s`,
    one.peakMemory === undefined ? "-" : `${(one.peakMemory / 2 ** 20).toFixed(0)} MiB`,
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length))
  );
  const lines = [headings, ...rows].map((row) => {
    const [name = "", ...numbers] = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    );
    return `  ${name}  ${numbers.join("  ")}`;
  });
  for (const { route, description, check } of measured) {
    const apart = largestDifference(check, base.check);
    lines.push(
      `  ${route}: ${description}; results ${apart.toExponential(1)} apart from the first`,
    );
    if (!(apart < tolerance)) throw new Error(`${route} does not compute what ${base.route} does`);
  }
  return lines;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toFixed(seconds < 0.1 ? 1 : 0)} ms`;
}

function range(numbers: readonly number[]): string {
  return `${Math.min(...numbers).toFixed(2)}..${Math.max(...numbers).toFixed(2)}`;
}

/** Relative to the size of the numbers. */
function largestDifference(numbers: readonly number[], base: readonly number[]): number {
  return Math.max(...numbers.map((x, i) => Math.abs(x - base[i]!) / Math.abs(base[i]!)));
}
