/**
 * What the ranks of a direction's queries come to. `rank` is where a query's best right answer stands,
 * from 1, wrong answers of equal score before it; each mean is over the queries.
 *
 * - R@K: the share of queries with a right answer among the first K.
 * - median and mean rank; of an even number of queries the median is the mean of the middle two. (VSE++
 *   and its heirs round it down.)
 * - MRR: the mean of 1 / rank.
 * - nDCG over the whole list, where a right answer gains 1 and a wrong one 0:
 *   sum over right answers of 1 / log2(1 + their rank), divided by that sum for ranks 1, 2, 3 ...
 *   (Järvelin and Kekäläinen 2002, with the discount of trec_eval).
 *
 * docs/questions.md has each as SQL over the table `query_rank`.
 */
import { type Direction, type QueryRank, recallAt } from "./recall.ts";

export const directions: readonly Direction[] = ["i2t", "t2i"];

/** Named as in the table `metric`; `rsum` is of R@1, 5 and 10 in both directions, whatever K are asked. */
export function rankMetrics(
  ranks: readonly QueryRank[],
  { recallAt: cutoffs }: { readonly recallAt: readonly number[] },
): Record<string, number> {
  const metrics = recallsAt(ranks, cutoffs);
  metrics["rsum"] = recallSum(ranks);
  for (const direction of directions) {
    const own = ranks.filter((each) => each.direction === direction);
    metrics[`${direction}_median_rank`] = median(own.map(({ rank }) => rank));
    metrics[`${direction}_mean_rank`] = mean(own.map(({ rank }) => rank));
    metrics[`${direction}_mrr`] = mean(own.map(({ rank }) => 1 / rank));
    metrics[`${direction}_ndcg`] = mean(own.map(({ rightRanks }) => discountedGain(rightRanks)));
  }
  return metrics;
}

/** `i2t_r1` and so on, in both directions. */
export function recallsAt(
  ranks: readonly QueryRank[],
  cutoffs: readonly number[],
): Record<string, number> {
  return Object.fromEntries(
    directions.flatMap((direction) =>
      cutoffs.map((k) => [`${direction}_r${k}`, recallAt(ranks, direction, k)])
    ),
  );
}

/** R@1 + R@5 + R@10, both directions: at most 6. */
export function recallSum(ranks: readonly QueryRank[]): number {
  return Object.values(recallsAt(ranks, [1, 5, 10])).reduce((sum, value) => sum + value, 0);
}

/** nDCG of one query. @param rightRanks of all its right answers, ascending */
export function discountedGain(rightRanks: readonly number[]): number {
  const gain = (ranks: readonly number[]) =>
    ranks.reduce((sum, rank) => sum + 1 / Math.log2(1 + rank), 0);
  return gain(rightRanks) / gain(rightRanks.map((_, place) => place + 1));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
