/**
 * Metrics of a direction, from the ranks of its queries. The `rank` of a query is that of its best correct
 * answer, from 1, after wrong answers of equal score. Means are over the queries.
 *
 * - R@K: the fraction of queries with a correct answer among the first K.
 * - median and mean rank; for an even number of queries the median is the mean of the middle two. (VSE++
 *   and code that follows it round down.)
 * - MRR: the mean of 1 / rank.
 * - nDCG over the whole list, with gain 1 for a correct answer and 0 for a wrong one:
 *   sum over correct answers of 1 / log2(1 + their rank), divided by that sum for ranks 1, 2, 3 ...
 *   (Järvelin and Kekäläinen 2002, with the discount of trec_eval).
 *
 * docs/questions.md has each as SQL over the table `query_rank`.
 */
import { type Direction, type QueryRank, recallAt } from "./recall.ts";

export const directions: readonly Direction[] = ["i2t", "t2i"];

/** All of them, by their names in the table `metric`. */
export function rankMetrics(
  ranks: readonly QueryRank[],
  { recallAt: cutoffs }: { readonly recallAt: readonly number[] },
): Record<string, number> {
  const metrics = recallMetrics(ranks, cutoffs);
  for (const direction of directions) {
    const own = ranks.filter((each) => each.direction === direction);
    metrics[`${direction}_median_rank`] = median(own.map(({ rank }) => rank));
    metrics[`${direction}_mean_rank`] = mean(own.map(({ rank }) => rank));
    metrics[`${direction}_mrr`] = mean(own.map(({ rank }) => 1 / rank));
    metrics[`${direction}_ndcg`] = mean(own.map(({ rightRanks }) => discountedGain(rightRanks)));
  }
  return metrics;
}

/**
 * `i2t_r1` and so on in both directions, as fractions, and `rsum`, which is of R@1, 5 and 10 whatever
 * the cutoffs are.
 */
export function recallMetrics(
  ranks: readonly QueryRank[],
  cutoffs: readonly number[] = [1, 5, 10],
): Record<string, number> {
  return { ...recallsAt(ranks, cutoffs), rsum: recallSum(ranks) };
}

/** R@K under the names `i2t_r1` and so on, in both directions. */
function recallsAt(
  ranks: readonly QueryRank[],
  cutoffs: readonly number[],
): Record<string, number> {
  return Object.fromEntries(
    directions.flatMap((direction) =>
      cutoffs.map((k) => [`${direction}_r${k}`, recallAt(ranks, direction, k)])
    ),
  );
}

/** R@1 + R@5 + R@10 in both directions: at most 6. */
function recallSum(ranks: readonly QueryRank[]): number {
  return Object.values(recallsAt(ranks, [1, 5, 10])).reduce((sum, value) => sum + value, 0);
}

/** nDCG of one query. @param rightRanks of all its correct answers, ascending */
export function discountedGain(rightRanks: readonly number[]): number {
  const gain = (ranks: readonly number[]) =>
    ranks.reduce((sum, rank) => sum + 1 / Math.log2(1 + rank), 0);
  return gain(rightRanks) / gain(rightRanks.map((_, index) => index + 1));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
