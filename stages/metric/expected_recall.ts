/**
 * What a ranker reaches in expectation that only knows which answers are possible: it ranks all possible
 * answers of a query above all others, in random order. With m possible answers, r of which are correct,
 * the probability of a correct one among the first K is
 *
 *     1 - C(m - r, K) / C(m, K)        (1 if K > m - r)
 *
 * The expectation over its random orders is exact; nothing is drawn.
 */
import { directions, mean } from "./rank_metrics.ts";
import type { PairScores } from "./pair_accuracy.ts";
import type { Direction } from "./recall.ts";

/** A query's possible answers, and how many of them are correct; at least one is. */
export interface PossibleAnswers {
  readonly direction: Direction;
  readonly possible: number;
  readonly correct: number;
}

/** The probability of a correct answer among the first k. */
export function chanceOfHit({ possible, correct }: PossibleAnswers, k: number): number {
  let miss = 1;
  for (let i = 0; i < k; i++) {
    miss *= Math.max(0, possible - correct - i) / Math.max(1, possible - i);
  }
  return 1 - miss;
}

/** `i2t_r1` and so on, and `rsum`, the sum of R@1, 5 and 10 of both directions. */
export function expectedRecall(
  queries: readonly PossibleAnswers[],
  { recallAt, prefix = "" }: { readonly recallAt: readonly number[]; readonly prefix?: string },
): Record<string, number> {
  const metrics: Record<string, number> = {};
  let rsum = 0;
  for (const direction of directions) {
    const own = queries.filter((query) => query.direction === direction);
    const at = (k: number) => mean(own.map((query) => chanceOfHit(query, k)));
    for (const k of recallAt) metrics[`${prefix}${direction}_r${k}`] = at(k);
    rsum += at(1) + at(5) + at(10);
  }
  return prefix === "" ? { ...metrics, rsum } : metrics;
}

/**
 * The probability that each test of a swapped pair is passed if equal scores are ordered at random: the
 * fraction of the 24 orders of the four scores. All equal: 1/4, 1/4, 1/6.
 */
export function expectedPairAccuracy(
  scores: PairScores,
): { readonly text: number; readonly image: number; readonly group: number } {
  const passed = { text: 0, image: 0, group: 0 };
  for (const [n00, n01, n10, n11] of ordersOfFour) {
    const above = (a: number, b: number, tieA: number, tieB: number) =>
      a > b || (a === b && tieA > tieB);
    const { s00, s01, s10, s11 } = scores;
    const text = above(s00, s10, n00, n10) && above(s11, s01, n11, n01);
    const image = above(s00, s01, n00, n01) && above(s11, s10, n11, n10);
    passed.text += Number(text);
    passed.image += Number(image);
    passed.group += Number(text && image);
  }
  const share = (count: number) => count / ordersOfFour.length;
  return { text: share(passed.text), image: share(passed.image), group: share(passed.group) };
}

const ordersOfFour: readonly (readonly [number, number, number, number])[] = [0, 1, 2, 3].flatMap(
  (a) =>
    [0, 1, 2, 3].flatMap((b) =>
      [0, 1, 2, 3].flatMap((c) =>
        new Set([a, b, c]).size < 3 ? [] : [[a, b, c, 6 - a - b - c] as const]
      )
    ),
);
