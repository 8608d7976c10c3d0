/** Every variant of an asking beside its baseline: how much better, how sure, and what cannot be told. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import { rowsOf } from "../database/read_results.ts";
import { askedVariants, mostSeeds, variantsOf } from "./variants.ts";
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
import { fewestImages, signFlipTest } from "../statistics/sign_flip_test.ts";

/**
 * One recall, rsum or pair accuracy of a variant beside the baseline's. Fractions, 0 .. 1; rsum is at
 * most 6.
 */
export interface Comparison {
  /** Name of the evaluating stage. */
  readonly stage: string;
  readonly split: string | null;
  /** R@K of every K that was asked, rsum, pair_text, pair_image, pair_group. */
  readonly metric: string;
  /** In words; so is the baseline. */
  readonly variant: string;
  readonly baseline: string;
  /** Variant minus baseline, mean over queries and over the seeds that both have. */
  readonly difference: number;
  /** 95 % of resampled test images have the difference between these. */
  readonly low: number;
  readonly high: number;
  /** Of the paired permutation test by itself, and among the variants (Holm). */
  readonly p: number;
  readonly pHolm: number;
  /** pHolm is at most 0.05. */
  readonly significant: boolean;
  /**
   * A true difference of this size would be found significant in about four of five such tests, at
   * the level that Holm holds the smallest p to; at least what so many queries can show at all.
   * Infinite where they can show nothing.
   */
  readonly detectable: number;
  /** That both have. */
  readonly seeds: number;
  /** The most that a variant was asked with. */
  readonly askedSeeds: number;
  readonly queries: number;
  /** What is resampled: images with their captions, or pairs of swapped pictures. */
  readonly images: number;
  /** Variants of the experiment beside the baseline, which p is corrected for. */
  readonly variants: number;
  /** Those of them that have no result yet. */
  readonly awaited: number;
}

export const significanceLevel = 0.05;
export const intervalLevel = 0.95;
/** Decided here, so that a report says the same whenever it is made. */
const seed = 20210801;
const resamples = { bootstrap: 2000, permutation: 10_000 } as const;
/** Share of true differences that are found where `detectable` is told. */
const power = 0.8;

/** Nothing for an experiment without a baseline, or with the baseline alone. */
export async function compareVariants(
  connection: DuckDBConnection,
  asking: string,
): Promise<Comparison[]> {
  const variants = await variantsOf(connection, asking);
  const { baseline } = variants;
  if (baseline === undefined) return [];
  const rows = await rowsOf<ClusterRow>(connection, hitDifferences(asking, variants, baseline));
  const groups = Map.groupBy(
    rows,
    ({ stage, split, metric }) => JSON.stringify([stage, split, metric]),
  );
  const draws = bootstrapDraws();
  const asked = await askedVariants(connection, asking, variants);
  return [...groups.values()].flatMap((group) => {
    const all = asked.get(group[0]!.stage) ?? [];
    const tests = all.filter(({ variant }) => variant !== baseline).length;
    return compareGroup(group, { baseline, draws, tests, askedSeeds: mostSeeds(all) });
  });
}

/**
 * The same draws of images for every variant and metric of as many images: their intervals differ by
 * what was found alone.
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
  { baseline, draws, tests, askedSeeds }: {
    readonly baseline: string;
    /** As many variants were asked, whether they are here or not. */
    readonly tests: number;
    readonly askedSeeds: number;
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
      askedSeeds,
      queries: rows.reduce((sum, { queries }) => sum + queries, 0),
      images: rows.length,
      variants: tests,
      awaited: tests - byVariant.length,
    };
  });
  const adjusted = holm(tested.map(({ p }) => p), { tests });
  return tested.map((each, place) => ({
    ...each,
    pHolm: adjusted[place]!,
    significant: adjusted[place]! <= significanceLevel,
  }));
}

/** The least difference that these queries can show at all: one hit of each image that must differ. */
function smallestShown({ sizes }: Clusters, { tests }: { tests: number }): number {
  const images = fewestImages({ level: significanceLevel, tests });
  if (images > sizes.length) return Infinity;
  return images / sizes.reduce((sum, size) => sum + size, 0);
}
