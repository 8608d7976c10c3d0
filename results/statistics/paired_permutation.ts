/**
 * Paired permutation test of a difference. If the two variants were equivalent, swapping their results
 * on an image, which flips the sign of its difference, would be equally likely. p is the fraction of
 * sign choices whose mean difference is at least as far from 0 as the observed one (two-sided). Few
 * choices are enumerated; otherwise choices are drawn, and the observed one is counted among them
 * (Phipson and Smyth, 2010, arXiv 1603.05766), so that p is never 0. Written by hand because libraries
 * for JavaScript have no such test with seeded streams.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";

export interface SignFlipOptions {
  readonly resamples: number;
  /** Resample r draws its signs 32 at a time from counter r * words on. */
  readonly random: RandomStream;
}

/** @param differences per image; integers, so that sums are exact */
export function signFlipTest(
  differences: Float64Array,
  { resamples, random }: SignFlipOptions,
): { readonly p: number; readonly exact: boolean } {
  // The sign of a zero difference does not matter.
  const moving = differences.filter((difference) => difference !== 0);
  const all = moving.reduce((sum, difference) => sum + difference, 0);
  const found = Math.abs(all);
  const choices = 2 ** moving.length;
  if (choices <= resamples) return { p: exactShare(moving, found), exact: true };
  const words = Math.ceil(moving.length / 32);
  let asFar = 0;
  for (let resample = 0, counter = 0; resample < resamples; resample++) {
    // Sum of the differences that keep their sign.
    let kept = 0;
    for (let word = 0, at = 0; word < words; word++) {
      let signs = random.bits(counter++);
      const end = Math.min(at + 32, moving.length);
      for (; at < end; at++) {
        kept += (signs & 1) * moving[at]!;
        signs >>>= 1;
      }
    }
    if (Math.abs(2 * kept - all) >= found) asFar++;
  }
  return { p: (asFar + 1) / (resamples + 1), exact: false };
}

function exactShare(moving: Float64Array, found: number): number {
  const choices = 2 ** moving.length;
  let asFar = 0;
  for (let choice = 0; choice < choices; choice++) {
    let sum = 0;
    for (let at = 0; at < moving.length; at++) {
      sum += choice >>> at & 1 ? moving[at]! : -moving[at]!;
    }
    if (Math.abs(sum) >= found) asFar++;
  }
  return asFar / choices;
}

/**
 * Fewest images that have to differ, all in one direction, for a significant result: with m images the
 * smallest p is 2 / 2^m, and Holm's procedure requires at most level / tests.
 */
export function fewestImages({ level, tests }: { level: number; tests: number }): number {
  return 1 + Math.ceil(Math.log2(tests / level));
}
