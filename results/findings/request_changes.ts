/** A request compared with an earlier one, or with one of another experiment: what changed, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  compareExperiments,
  type ExperimentComparison,
  type VariantMetric,
} from "../queries/compare_experiments.ts";
import { mainOf } from "../text/metrics.ts";
import { compareRequests, variantKey } from "./request_comparison.ts";
import type { Comparison } from "./comparison.ts";
import type { RequestRecord } from "../database/stored_files.ts";
import type { Question } from "../database/question.ts";

export interface RequestChanges {
  /** `a` is the request to compare with, `b` the reported one. */
  readonly comparison: ExperimentComparison;
  /** Main metrics that both have and that changed: means over the seeds of both. */
  readonly metrics: readonly ChangedMetric[];
  /** Main metrics that only one of the two has: means over its own seeds. */
  readonly unmatched: readonly VariantMetric[];
  /** Number of main metrics that did not change. */
  readonly unchanged: number;
  /** Set where the two were computed in different circumstances that are not part of keys. */
  readonly caution?: string;
  /** Reproduces the rows from which intervals and p-values are computed. */
  readonly question: Question;
}

export interface ChangedMetric extends VariantMetric {
  /** The comparison of hits, query by query; undefined for metrics that are not counted in hits. */
  readonly compared?: Comparison;
}

/** Differences smaller than this come from adding in another order. */
const smallestChange = 1e-10;

/** The differences are the reported request minus the other. */
export async function changesBetween(
  connection: DuckDBConnection,
  reported: RequestRecord,
  other: RequestRecord,
): Promise<RequestChanges> {
  const comparison = await compareExperiments(connection, [other, reported]);
  const { compared, question } = await compareRequests(connection, {
    before: other,
    now: reported,
  });
  const { caution } = comparison;
  const byPlace = new Map(compared.map((row) => [placeOf(row, row.variant, row.metric), row]));
  const shown = mainOf(comparison.metrics);
  const unmatched = shown.filter(({ difference }) => difference === null);
  const metrics = shown
    .filter(({ difference }) => difference !== null && Math.abs(difference) > smallestChange)
    .map((metric): ChangedMetric => {
      const found = byPlace.get(placeOf(metric, variantKey(metric.variant), metric.name));
      return found === undefined ? metric : { ...metric, compared: found };
    });
  return {
    comparison,
    metrics,
    unmatched,
    ...(caution !== undefined && { caution }),
    unchanged: shown.length - metrics.length - unmatched.length,
    question,
  };
}

function placeOf(
  { stage, split }: { readonly stage: string; readonly split: string | null },
  variant: string,
  metric: string,
): string {
  return JSON.stringify([stage, split, variant, metric]);
}
