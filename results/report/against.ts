/** An experiment beside another asking of it, or another experiment: what changed, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  compareExperiments,
  type ExperimentComparison,
  type VariantMetric,
} from "../compare_experiments.ts";
import { isMain, metricText, signedText } from "../metrics.ts";
import type { StoredAsked } from "../stored_files.ts";
import { timeText } from "./number_text.ts";

export interface Against {
  /** Of the other: `a` is it, `b` is the reported one. */
  readonly comparison: ExperimentComparison;
  /** Metrics that tell most, as far as they moved, appeared or went. */
  readonly metrics: readonly VariantMetric[];
  /** Of those that tell most, how many are the same as before. */
  readonly same: number;
}

/** The differences are the reported one minus the other. */
export async function againstOf(
  connection: DuckDBConnection,
  reported: StoredAsked,
  other: StoredAsked,
): Promise<Against> {
  const comparison = await compareExperiments(connection, [other, reported]);
  const main = comparison.metrics.filter(isMain);
  const shown = main.length > 0 ? main : comparison.metrics;
  const metrics = shown.filter(({ difference }) => difference !== 0);
  return { comparison, metrics, same: shown.length - metrics.length };
}

const mostLines = 12;

/** In lines of at most 80 columns. */
export function againstText({ comparison, metrics, same }: Against): string {
  const { a, differences, onlyA, onlyB } = comparison;
  const more = metrics.length - mostLines;
  const line = ({ stage, name, split, variant, a, b, difference }: VariantMetric) => {
    const of = [stage, ...Object.values(variant).map(String)].join(" ");
    const metric = split === null ? name : `${name} on ${split}`;
    const change = difference === null ? "" : `, ${signedText(difference)}`;
    const text = `  ${of}: ${metric} ${metricText(a) || "none"} → ${
      metricText(b) || "none"
    }${change}`;
    return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
  };
  return [
    `since ${a.experiment} as asked ${timeText(a.asked)}:`.slice(0, 80),
    `  ${differences.length} parameters, digests or inputs differ, ` +
    `${onlyA.length + onlyB.length} runs are in one alone`,
    `  ${metrics.length} of ${metrics.length + same} main metrics changed`,
    ...metrics.slice(0, mostLines).map(line),
    ...(more > 0 ? [`  … ${more} more are in the report`] : []),
    "",
  ].join("\n");
}
