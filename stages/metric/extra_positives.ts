/**
 * Metrics by correct answers that were collected in addition to a data set's own pairs, such as those of
 * ECCV Caption (arXiv 2204.03359): most of COCO's captions also describe images that they were not
 * written for. The collected answers of a query replace its own pairs; a query without any is left out.
 * With R correct answers at ranks r_1 < r_2 ... (from 1, wrong answers of equal score first):
 *
 *     R-precision = correct answers among the first R, divided by R
 *     AP@R        = 1 / R  sum over correct answers i with r_i <= R of  i / r_i
 *
 * mAP@R is the mean of AP@R over the queries (Musgrave et al., arXiv 2003.08505). Unlike R@K it counts
 * the ranks of all correct answers, not only of the first.
 */
import { mean } from "./rank_metrics.ts";
import { type Direction, rightRanks, type ScoreMatrix } from "./recall.ts";

/** The correct answers of a query. */
export interface Positives {
  readonly direction: Direction;
  /** Row (t2i) or column (i2t) of the query. */
  readonly query: number;
  /** Columns (t2i) or rows (i2t), distinct, at least one. */
  readonly right: readonly number[];
}

export interface PositiveRanks extends Positives {
  /** Of the correct answers: from 1, ascending. */
  readonly ranks: readonly number[];
}

export function rankPositives(
  { scores, texts, images }: ScoreMatrix,
  positives: readonly Positives[],
): PositiveRanks[] {
  return positives.map((each) => {
    const { direction, query, right } = each;
    const own = direction === "t2i"
      ? scores.subarray(query * images, (query + 1) * images)
      : Float32Array.from({ length: texts }, (_, text) => scores[text * images + query]!);
    const among = new Set(right);
    return { ...each, ranks: rightRanks(own, (answer) => among.has(answer)).ranks };
  });
}

/** `positives_i2t_r1` and so on, `positives_i2t_r_precision`, `positives_i2t_map_at_r`. */
export function positiveMetrics(
  judged: readonly PositiveRanks[],
  { recallAt }: { readonly recallAt: readonly number[] },
): Record<string, number> {
  const metrics: Record<string, number> = {};
  for (const [direction, queries] of Map.groupBy(judged, ({ direction }) => direction)) {
    const over = (value: (ranks: readonly number[]) => number) =>
      mean(queries.map(({ ranks }) => value(ranks)));
    const name = `positives_${direction}`;
    for (const k of recallAt) metrics[`${name}_r${k}`] = over(([first]) => Number(first! <= k));
    metrics[`${name}_r_precision`] = over(rPrecision);
    metrics[`${name}_map_at_r`] = over(averagePrecisionAtR);
  }
  return metrics;
}

export function rPrecision(ranks: readonly number[]): number {
  return ranks.filter((rank) => rank <= ranks.length).length / ranks.length;
}

export function averagePrecisionAtR(ranks: readonly number[]): number {
  const precisions = ranks.map((rank, index) => rank <= ranks.length ? (index + 1) / rank : 0);
  return precisions.reduce((sum, value) => sum + value, 0) / ranks.length;
}
