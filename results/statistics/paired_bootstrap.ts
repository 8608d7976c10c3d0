/**
 * Confidence interval of a mean difference over the choice of test images: the paired cluster bootstrap.
 * Draws as many images as there are, with replacement, each with all its queries; the interval lies
 * between percentiles of the resampled differences (Efron and Tibshirani, "An Introduction to the
 * Bootstrap", 1993, chapter 13). It does not cover the randomness of training. Written by hand because
 * libraries have no clustered version that draws from our seeded streams.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";

/**
 * Paired results of two variants, clustered by image. All queries of an image are drawn together: its
 * captions describe one scene and are scored with one set of regions, so they are not independent.
 * The query that is the image itself is alone in its cluster.
 */
export interface Clusters {
  /** Queries x seeds of each image. Integers. */
  readonly sizes: Float64Array;
  /** Hits of the variant minus hits of the baseline, of each image. Integers. */
  readonly differences: Float64Array;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the resampled differences. */
  readonly error: number;
}

export interface BootstrapOptions {
  /** Fraction of the resampled differences within the interval, such as 0.95. */
  readonly level: number;
  /** From `imageDraws` for the same number of images. */
  readonly draws: Int32Array;
}

export function pairedBootstrap(
  { sizes, differences }: Clusters,
  { level, draws }: BootstrapOptions,
): Interval {
  const count = sizes.length;
  const resamples = draws.length / count;
  const found = new Float64Array(resamples);
  for (let resample = 0, counter = 0; resample < resamples; resample++) {
    let queries = 0;
    let sum = 0;
    for (let draw = 0; draw < count; draw++) {
      const image = draws[counter++]!;
      queries += sizes[image]!;
      sum += differences[image]!;
    }
    found[resample] = sum / queries;
  }
  found.sort();
  const mean = found.reduce((sum, value) => sum + value, 0) / resamples;
  const squares = found.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    low: percentile(found, (1 - level) / 2),
    high: percentile(found, (1 + level) / 2),
    error: Math.sqrt(squares / (resamples - 1)),
  };
}

/** Mean difference per query and seed. */
export function meanDifference({ sizes, differences }: Clusters): number {
  const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
  return sum(differences) / sum(sizes);
}

/** Indices of the drawn images, one resample after another. */
export function imageDraws(
  count: number,
  { resamples, random }: {
    readonly resamples: number;
    /** Resample r draws its image k at counter r * images + k. */
    readonly random: RandomStream;
  },
): Int32Array {
  const draws = new Int32Array(resamples * count);
  for (let counter = 0; counter < draws.length; counter++) {
    // Exact in doubles: 32 bits times fewer than 2^21 images.
    draws[counter] = Math.floor(random.bits(counter) * count / 2 ** 32);
  }
  return draws;
}

/** Interpolates linearly, as NumPy's default does. @param sorted ascending @param share 0 .. 1 */
export function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (place - below);
}
