/**
 * Every variant of a request compared with its baseline: effect size, 95 % confidence interval, p-value
 * and minimum detectable effect. With several seeds, interval and p cover the choice of seeds and of test
 * images together; with one, that of the images alone.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { comparedVariants, mostSeeds, requestedVariants, variantsOf } from "./variants.ts";
import { type ClusterRow, clusterRows, hitDifferences } from "./hits.ts";
import { ofBothDirections } from "./rsum_rows.ts";
import { holm } from "../statistics/holm.ts";
import {
  bootstrapDraws,
  significanceLevel,
  type Uncertainty,
  uncertaintyOf,
} from "./uncertainty.ts";

/**
 * One recall, rsum or pair accuracy of a variant, compared with the baseline's. Fractions, 0 .. 1;
 * rsum is at most 6.
 */
export interface Comparison extends Uncertainty {
  /** Name of the evaluating stage. */
  readonly stage: string;
  readonly split: string | null;
  /** R@K of every requested K, rsum, pair_text, pair_image, pair_group. */
  readonly metric: string;
  /** Its varied parameters as text; so is the baseline. */
  readonly variant: string;
  readonly baseline: string;
  /** Holm-corrected p, for the number of variants. */
  readonly pHolm: number;
  /** pHolm is at most 0.05. */
  readonly significant: boolean;
  /** The most seeds requested for any variant. */
  readonly requestedSeeds: number;
  readonly queries: number;
  /** What is resampled: images with their captions, families of images, or pairs of swapped pictures. */
  readonly unit: "images" | "families" | "pairs";
  readonly units: number;
  /** Variants that are compared with a baseline: the number of tests that Holm corrects for. */
  readonly variants: number;
  /** Those of them that have no result yet. */
  readonly pending: number;
}

/** Empty for an experiment without a baseline, or with no other variant. */
export async function compareVariants(
  connection: DuckDBConnection,
  request: string,
): Promise<Comparison[]> {
  const variants = await variantsOf(connection, request);
  const { baseline } = variants;
  if (baseline === undefined) return [];
  const rows = await clusterRows(connection, hitDifferences(request, variants));
  const groups = Map.groupBy(
    rows,
    ({ stage, split, metric }) => JSON.stringify([stage, split, metric]),
  );
  const draws = bootstrapDraws();
  const requested = await requestedVariants(connection, request, variants);
  return [...groups.values()].flatMap((group) => {
    const all = requested.get(group[0]!.stage) ?? [];
    const tests = comparedVariants(all).length;
    return compareGroup(group, { baseline, draws, tests, requestedSeeds: mostSeeds(all) });
  });
}

/** One metric of all variants of a stage. */
export function compareGroup(
  group: readonly ClusterRow[],
  { baseline, draws, tests, requestedSeeds }: {
    readonly baseline: string;
    /** Number of requested variants, with or without results. */
    readonly tests: number;
    readonly requestedSeeds: number;
    readonly draws: (units: number) => Int32Array;
  },
): Comparison[] {
  const byVariant = [...Map.groupBy(group, ({ variant }) => variant)]
    .map(([variant, rows]) => [variant, ofBothDirections(rows)] as const)
    .filter(([, rows]) => rows.length > 0);
  const tested = byVariant.map(([variant, rows]) => {
    const { stage, split, metric, family } = rows[0]!;
    return {
      stage,
      split,
      metric,
      variant,
      baseline,
      ...uncertaintyOf(rows, { draws, tests }),
      requestedSeeds,
      queries: rows.reduce((sum, { queries }) => sum + queries, 0),
      unit: family ? "families" as const : unitOf(metric),
      units: rows.length,
      variants: tests,
      pending: tests - byVariant.length,
    };
  });
  const adjusted = holm(tested.map(({ p }) => p), { tests });
  return tested.map((each, place) => ({
    ...each,
    pHolm: adjusted[place]!,
    significant: adjusted[place]! <= significanceLevel,
  }));
}

/** What is resampled for a metric where no families are known. */
function unitOf(metric: string): "images" | "pairs" {
  return isOfPairs(metric) ? "pairs" : "images";
}

/** Whether it is an accuracy on swapped pairs. */
export function isOfPairs(metric: string): boolean {
  return metric.startsWith("pair_");
}
