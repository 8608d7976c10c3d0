/**
 * How certain the difference of a variant from the baseline is: over the choice of test images, and with
 * several seeds over that of seeds and images together.
 */
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { ClusterRow } from "./hits.ts";
import {
  type CrossedCells,
  crossedError,
  crossedP,
  halfWidth,
  meanSquares,
} from "../statistics/crossed_effects.ts";
import { type Components, componentsOf, detectable } from "../statistics/crossed_power.ts";
import { normalQuantile } from "../statistics/normal_quantile.ts";
import {
  type Clusters,
  imageDraws,
  meanDifference,
  pairedBootstrap,
} from "../statistics/paired_bootstrap.ts";
import { fewestImages, signFlipTest } from "../statistics/paired_permutation.ts";

export interface Uncertainty {
  /** Variant minus baseline, mean over queries and over the seeds that both have. */
  readonly difference: number;
  /** Bounds of the 95 % confidence interval: over seeds and images, or over images with one seed. */
  readonly low: number;
  readonly high: number;
  /** Two-sided, over the same; not corrected for the number of variants. */
  readonly p: number;
  /**
   * Minimum detectable effect: a true difference of this size would be significant in about 80 % of
   * tests (power 0.8), at the level that Holm compares the smallest p with. Never below the smallest
   * difference that these queries can show; infinite where they cannot show any.
   */
  readonly detectable: number;
  /** Seeds that both have. */
  readonly seeds: number;
  /** Of the exact sign-flip test over these seeds alone; null for one seed. At least `leastSeedP`. */
  readonly pSeeds: number | null;
  /** Variances over seeds and images, from which other designs are estimated; null for one seed. */
  readonly components: Components | null;
}

export const significanceLevel = 0.05;
export const intervalLevel = 0.95;
/** Share of true differences of size `detectable` that the test finds. */
export const power = 0.8;
/** Fixed, so that a report is the same whenever it is written. */
const seed = 20210801;
const resamples = { bootstrap: 2000, permutation: 10_000 } as const;

/**
 * The same draws for every variant and metric with the same number of units, so that their intervals
 * differ only because their results do.
 */
export function bootstrapDraws(): (units: number) => Int32Array {
  const random = randomStream(seed).fork("bootstrap");
  const drawn = new Map<number, Int32Array>();
  return (units) => {
    const draws = drawn.get(units) ?? imageDraws(units, { resamples: resamples.bootstrap, random });
    drawn.set(units, draws);
    return draws;
  };
}

/**
 * @param rows of one variant and metric, one per unit: image, family or pair
 * @param options.tests number of tests that Holm corrects for
 */
export function uncertaintyOf(
  rows: readonly ClusterRow[],
  { draws, tests }: { readonly draws: (units: number) => Int32Array; readonly tests: number },
): Uncertainty {
  const cells = cellsOf(rows);
  const overImages = uncertaintyOverImages(rows[0]!, cells, { draws, tests });
  return cells.seeds < 2 || cells.units < 2
    ? overImages
    : uncertaintyOverSeeds(cells, { overImages, tests });
}

/** The smallest p that a sign-flip test over this many seeds can give. */
export function leastSeedP(seeds: number): number {
  return 2 ** (1 - seeds);
}

/** By seed and unit; 0 queries where a seed lacks a unit. */
function cellsOf(rows: readonly ClusterRow[]): CrossedCells {
  const seeds = [...new Set(rows.flatMap(({ seeds }) => seeds))].sort();
  const table = (of: "pairs" | "ahead") =>
    Float64Array.from(
      seeds.flatMap((seed) => rows.map((row) => row[of][row.seeds.indexOf(seed)] ?? 0)),
    );
  return {
    seeds: seeds.length,
    units: rows.length,
    sizes: table("pairs"),
    differences: table("ahead"),
  };
}

/** Images are a sample; the seeds are those that there are. */
function uncertaintyOverImages(
  { stage, split, metric }: ClusterRow,
  cells: CrossedCells,
  { draws, tests }: { readonly draws: (units: number) => Int32Array; readonly tests: number },
): Uncertainty {
  const clusters: Clusters = {
    sizes: overSeeds(cells, cells.sizes),
    differences: overSeeds(cells, cells.differences),
  };
  const { low, high, error } = pairedBootstrap(clusters, {
    draws: draws(cells.units),
    level: intervalLevel,
  });
  const { p } = signFlipTest(clusters.differences, {
    resamples: resamples.permutation,
    random: randomStream(seed).fork(stage).fork(split ?? "").fork(metric).fork("signs"),
  });
  const quantiles = normalQuantile(1 - significanceLevel / tests / 2) + normalQuantile(power);
  return {
    difference: meanDifference(clusters),
    low,
    high,
    p,
    detectable: Math.max(quantiles * error, smallestShown(clusters, { tests })),
    seeds: cells.seeds,
    pSeeds: null,
    components: null,
  };
}

/**
 * Seeds and images are samples. Covering both cannot make a result more certain than covering images
 * alone: the interval is at least as wide on both sides, and p at least as large.
 */
function uncertaintyOverSeeds(
  cells: CrossedCells,
  { overImages, tests }: { readonly overImages: Uncertainty; readonly tests: number },
): Uncertainty {
  const { seeds, units } = cells;
  const { difference } = overImages;
  const squares = meanSquares(cells);
  const error = crossedError(squares);
  const half = halfWidth(error, intervalLevel);
  const components = componentsOf(squares);
  const bySeed = Float64Array.from(
    { length: seeds },
    (_, seed) => sum(cells.differences.subarray(seed * units, (seed + 1) * units)),
  );
  return {
    ...overImages,
    low: Math.min(overImages.low, difference - half),
    high: Math.max(overImages.high, difference + half),
    p: Math.max(overImages.p, crossedP(difference, error)),
    detectable: Math.max(
      overImages.detectable,
      detectable(components, cells, { level: significanceLevel / tests, power }),
    ),
    pSeeds: signFlipTest(bySeed, {
      resamples: resamples.permutation,
      random: randomStream(seed).fork("seeds"),
    }).p,
    components,
  };
}

/** The smallest difference that can be significant: one hit on each of the fewest units that suffice. */
function smallestShown({ sizes }: Clusters, { tests }: { tests: number }): number {
  const units = fewestImages({ level: significanceLevel, tests });
  if (units > sizes.length) return Infinity;
  return units / sum(sizes);
}

/** Sums of a table of cells over seeds, for each unit. */
function overSeeds({ units }: CrossedCells, values: Float64Array): Float64Array {
  const sums = new Float64Array(units);
  values.forEach((value, at) => sums[at % units]! += value);
  return sums;
}

function sum(values: Float64Array): number {
  return values.reduce((all, value) => all + value, 0);
}
