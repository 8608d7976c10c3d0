/**
 * Every variant of a request compared with its baseline: effect size, 95 % confidence interval, p-value
 * and minimum detectable effect.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { rowsOf } from "../database/read_results.ts";
import { mostSeeds, requestedVariants, variantsOf } from "./variants.ts";
import { type ClusterRow, hitDifferences } from "./hits.ts";
import { ofBothDirections } from "./rsum_rows.ts";
import { holm } from "../statistics/holm.ts";
import { normalQuantile } from "../statistics/normal_quantile.ts";
import {
  type Clusters,
  imageDraws,
  meanDifference,
  pairedBootstrap,
} from "../statistics/paired_bootstrap.ts";
import { fewestImages, signFlipTest } from "../statistics/paired_permutation.ts";

/**
 * One recall, rsum or pair accuracy of a variant, compared with the baseline's. Fractions, 0 .. 1;
 * rsum is at most 6.
 */
export interface Comparison {
  /** Name of the evaluating stage. */
  readonly stage: string;
  readonly split: string | null;
  /** R@K of every requested K, rsum, pair_text, pair_image, pair_group. */
  readonly metric: string;
  /** Its varied parameters as text; so is the baseline. */
  readonly variant: string;
  readonly baseline: string;
  /** Variant minus baseline, mean over queries and over the seeds that both have. */
  readonly difference: number;
  /** Bounds of the 95 % bootstrap confidence interval over test images. */
  readonly low: number;
  readonly high: number;
  /** Of the paired permutation test, uncorrected and Holm-corrected for the number of variants. */
  readonly p: number;
  readonly pHolm: number;
  /** pHolm is at most 0.05. */
  readonly significant: boolean;
  /**
   * Minimum detectable effect: a true difference of this size would be significant in about 80 % of
   * tests (power 0.8), at the level that Holm compares the smallest p with. Never below the smallest
   * difference that these queries can show; infinite where they cannot show any.
   */
  readonly detectable: number;
  /** Seeds that both have. */
  readonly seeds: number;
  /** The most seeds requested for any variant. */
  readonly requestedSeeds: number;
  readonly queries: number;
  /** Number of resampled units: images with their captions, or pairs of swapped pictures. */
  readonly images: number;
  /** Variants of the experiment other than the baseline: the number of tests that Holm corrects for. */
  readonly variants: number;
  /** Those of them that have no result yet. */
  readonly pending: number;
}

export const significanceLevel = 0.05;
export const intervalLevel = 0.95;
/** Fixed, so that a report is the same whenever it is written. */
const seed = 20210801;
const resamples = { bootstrap: 2000, permutation: 10_000 } as const;
/** Share of true differences of size `detectable` that the test finds. */
export const power = 0.8;

/** Empty for an experiment without a baseline, or with no other variant. */
export async function compareVariants(
  connection: DuckDBConnection,
  request: string,
): Promise<Comparison[]> {
  const variants = await variantsOf(connection, request);
  const { baseline } = variants;
  if (baseline === undefined) return [];
  const rows = await rowsOf<ClusterRow>(connection, hitDifferences(request, variants, baseline));
  const groups = Map.groupBy(
    rows,
    ({ stage, split, metric }) => JSON.stringify([stage, split, metric]),
  );
  const draws = bootstrapDraws();
  const requested = await requestedVariants(connection, request, variants);
  return [...groups.values()].flatMap((group) => {
    const all = requested.get(group[0]!.stage) ?? [];
    const tests = all.filter(({ variant }) => variant !== baseline).length;
    return compareGroup(group, { baseline, draws, tests, requestedSeeds: mostSeeds(all) });
  });
}

/**
 * The same draws for every variant and metric with the same number of images, so that their intervals
 * differ only because their results do.
 */
export function bootstrapDraws(): (images: number) => Int32Array {
  const random = randomStream(seed).fork("bootstrap");
  const drawn = new Map<number, Int32Array>();
  return (images) => {
    const draws = drawn.get(images) ??
      imageDraws(images, { resamples: resamples.bootstrap, random });
    drawn.set(images, draws);
    return draws;
  };
}

/** One metric of all variants of a stage. */
export function compareGroup(
  group: readonly ClusterRow[],
  { baseline, draws, tests, requestedSeeds }: {
    readonly baseline: string;
    /** Number of requested variants, with or without results. */
    readonly tests: number;
    readonly requestedSeeds: number;
    readonly draws: (images: number) => Int32Array;
  },
): Comparison[] {
  const byVariant = [...Map.groupBy(group, ({ variant }) => variant)]
    .map(([variant, rows]) => [variant, ofBothDirections(rows)] as const)
    .filter(([, rows]) => rows.length > 0);
  const tested = byVariant.map(([variant, rows]) => {
    const { stage, split, metric, seeds } = rows[0]!;
    const clusters: Clusters = {
      sizes: Float64Array.from(rows, ({ pairs }) => pairs),
      differences: Float64Array.from(rows, ({ ahead }) => ahead),
    };
    const { low, high, error } = pairedBootstrap(clusters, {
      draws: draws(rows.length),
      level: intervalLevel,
    });
    const random = randomStream(seed).fork(stage).fork(split ?? "").fork(metric);
    const { p } = signFlipTest(clusters.differences, {
      resamples: resamples.permutation,
      random: random.fork("signs"),
    });
    return {
      stage,
      split,
      metric,
      variant,
      baseline,
      difference: meanDifference(clusters),
      low,
      high,
      p,
      detectable: Math.max(
        (normalQuantile(1 - significanceLevel / tests / 2) + normalQuantile(power)) * error,
        smallestShown(clusters, { tests }),
      ),
      seeds,
      requestedSeeds,
      queries: rows.reduce((sum, { queries }) => sum + queries, 0),
      images: rows.length,
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

/** The smallest difference that can be significant: one hit on each of the fewest images that suffice. */
function smallestShown({ sizes }: Clusters, { tests }: { tests: number }): number {
  const images = fewestImages({ level: significanceLevel, tests });
  if (images > sizes.length) return Infinity;
  return images / sizes.reduce((sum, size) => sum + size, 0);
}
