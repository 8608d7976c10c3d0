/**
 * What two-stage ranking loses: a cheap model chooses a shortlist of each query's answers, and only
 * these are ranked by the costly one. Here both rankings are known, so that the loss can be told.
 */
import { directions, recallsAt, recallSum } from "./rank_metrics.ts";
import type { QueryRank, ScoreMatrix } from "./recall.ts";

/** A query as two stages rank it. */
export interface TwoStageRank extends QueryRank {
  /** A right answer is on the shortlist: without, nothing can bring one to the top. */
  readonly found: boolean;
}

/** @param listed places in the matrix [text, image] of the pairs on the shortlist */
export function withFound(
  ranks: readonly QueryRank[],
  { images, imageOfText }: Pick<ScoreMatrix, "images" | "imageOfText">,
  listed: Int32Array,
): TwoStageRank[] {
  const foundTexts = new Set<number>();
  const foundImages = new Set<number>();
  for (const place of listed) {
    const text = Math.floor(place / images);
    if (imageOfText[text] !== place % images) continue;
    foundTexts.add(text);
    foundImages.add(place % images);
  }
  return ranks.map((each) => ({
    ...each,
    found: (each.direction === "i2t" ? foundImages : foundTexts).has(each.query),
  }));
}

/**
 * `rerank_i2t_r1` and so on and `rerank_rsum`; what each lacks of full scoring, `rerank_lost_i2t_r1`
 * (below 0 where the shortlist helps); the share of queries with a right answer on the shortlist,
 * `rerank_i2t_found`, above which no recall can come; and the share of pairs on it, `rerank_pairs`.
 */
export function twoStageMetrics(
  ranks: readonly TwoStageRank[],
  { full, recallAt, pairs }: {
    /** The same queries, ranked by the costly model alone. */
    readonly full: readonly QueryRank[];
    readonly recallAt: readonly number[];
    readonly pairs: number;
  },
): Record<string, number> {
  const recalls = (of: readonly QueryRank[]): Record<string, number> => ({
    ...recallsAt(of, recallAt),
    rsum: recallSum(of),
  });
  const [ours, theirs] = [recalls(ranks), recalls(full)];
  const metrics: Record<string, number> = {};
  for (const [name, value] of Object.entries(ours)) {
    metrics[`rerank_${name}`] = value;
    metrics[`rerank_lost_${name}`] = theirs[name]! - value;
  }
  for (const direction of directions) {
    const own = ranks.filter((each) => each.direction === direction);
    metrics[`rerank_${direction}_found`] = own.filter(({ found }) => found).length / own.length;
  }
  return { ...metrics, rerank_pairs: pairs };
}
