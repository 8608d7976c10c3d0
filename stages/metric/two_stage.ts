/**
 * The loss of two-stage ranking: a cheap model selects a shortlist of answers for each query, and the
 * expensive model ranks only these. Here both rankings are known, so the loss can be measured.
 */
import { directions, recallMetrics } from "./rank_metrics.ts";
import type { QueryRank, ScoreMatrix } from "./recall.ts";

/** The result of a query in two-stage ranking. */
export interface TwoStageRank extends QueryRank {
  /** Whether a correct answer is on the shortlist, without which the query must fail. */
  readonly found: boolean;
}

/** @param listed indices into the matrix [text, image] of the pairs on the shortlist */
export function withFound(
  ranks: readonly QueryRank[],
  { images, imageOfText }: Pick<ScoreMatrix, "images" | "imageOfText">,
  listed: Int32Array,
): TwoStageRank[] {
  const foundTexts = new Set<number>();
  const foundImages = new Set<number>();
  for (const index of listed) {
    const text = Math.floor(index / images);
    if (imageOfText[text] !== index % images) continue;
    foundTexts.add(text);
    foundImages.add(index % images);
  }
  return ranks.map((each) => ({
    ...each,
    found: (each.direction === "i2t" ? foundImages : foundTexts).has(each.query),
  }));
}

/**
 * `rerank_i2t_r1` and so on and `rerank_rsum`; their loss compared with full scoring,
 * `rerank_lost_i2t_r1` (negative if the shortlist helps); the fraction of queries with a correct answer
 * on the shortlist, `rerank_i2t_found`, which no recall can exceed; and the fraction of pairs on it,
 * `rerank_pairs`.
 */
export function twoStageMetrics(
  ranks: readonly TwoStageRank[],
  { full, recallAt, pairs }: {
    /** The same queries, ranked by the expensive model alone. */
    readonly full: readonly QueryRank[];
    readonly recallAt: readonly number[];
    readonly pairs: number;
  },
): Record<string, number> {
  const fullRecalls = recallMetrics(full, recallAt);
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(recallMetrics(ranks, recallAt))) {
    metrics[`rerank_${name}`] = value;
    metrics[`rerank_lost_${name}`] = fullRecalls[name]! - value;
  }
  for (const direction of directions) {
    const own = ranks.filter((each) => each.direction === direction);
    metrics[`rerank_${direction}_found`] = own.filter(({ found }) => found).length / own.length;
  }
  return { ...metrics, rerank_pairs: pairs };
}
