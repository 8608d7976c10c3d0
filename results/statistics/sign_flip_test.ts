/**
 * Whether a difference may be chance: the paired permutation test. If the two variants were alike,
 * either could have made either result of an image, so each image's difference could as well have the
 * other sign; p is the share of sign choices with a mean difference at least as far from 0 as the one
 * found (two-sided). All choices are gone through where they are few, else so many are drawn, and the
 * one found is counted among them (Phipson and Smyth, 2010, arXiv 1603.05766), so that p is never 0.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";

export interface SignFlipOptions {
  readonly resamples: number;
  /** Resample r draws its signs 32 at a time from counter r * words on. */
  readonly random: RandomStream;
}

/** @param differences per image, integers, so that equal sums are equal */
export function signFlipTest(
  differences: Float64Array,
  { resamples, random }: SignFlipOptions,
): { readonly p: number; readonly exact: boolean } {
  // An image without a difference has none with the other sign either.
  const moving = differences.filter((difference) => difference !== 0);
  const all = moving.reduce((sum, difference) => sum + difference, 0);
  const found = Math.abs(all);
  const choices = 2 ** moving.length;
  if (choices <= resamples) return { p: exactShare(moving, found), exact: true };
  const words = Math.ceil(moving.length / 32);
  let asFar = 0;
  for (let resample = 0, counter = 0; resample < resamples; resample++) {
    // What keeps its sign; the rest of `all` turns it.
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
 * Images that must differ, all in one direction, before so many tests can call anything significant:
 * of m images the smallest p is 2 / 2^m, and Holm wants one of at most level / tests.
 */
export function fewestImages({ level, tests }: { level: number; tests: number }): number {
  return 1 + Math.ceil(Math.log2(tests / level));
}
