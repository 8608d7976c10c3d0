/** An experiment beside another asking of it, or another experiment: what changed, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  compareExperiments,
  type ExperimentComparison,
  type VariantMetric,
} from "../compare_experiments.ts";
import { isMain } from "../metrics.ts";
import type { StoredAsked } from "../stored_files.ts";

export interface Against {
  /** Of the other: `a` is it, `b` is the reported one. */
  readonly comparison: ExperimentComparison;
  /** Metrics that tell most, with what differs between the two. */
  readonly metrics: readonly VariantMetric[];
  /** Metrics that are not among them. */
  readonly left: number;
}

/** The differences are the reported one minus the other. */
export async function againstOf(
  connection: DuckDBConnection,
  reported: StoredAsked,
  other: StoredAsked,
): Promise<Against> {
  const comparison = await compareExperiments(connection, [other, reported]);
  const main = comparison.metrics.filter(isMain);
  const metrics = main.length > 0 ? main : comparison.metrics;
  return { comparison, metrics, left: comparison.metrics.length - metrics.length };
}
