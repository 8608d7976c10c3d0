/**
 * Ranking problems of the goldens through our training code: mined, chosen, scored again. The first
 * row of what comes out is the image-anchored problem, the second the text-anchored one.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../../stages/model/axes.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import type { Weights } from "../../stages/model/weights.ts";
import {
  type Alignment,
  alignmentLosses,
  type Modality,
} from "../../stages/objective/alignment.ts";
import { rankingLosses } from "../../stages/objective/margin_ranking.ts";
import { type AttentionBlocks, attentionBlocks } from "../../stages/objective/self_attention.ts";
import { chooseHard } from "../../stages/train/fine_tune/hard_negatives.ts";
import type { PairTables } from "../../stages/batch/row_tables.ts";
import {
  type RankingBatch,
  scoreBatch,
  type ScoredBatch,
} from "../../stages/train/fine_tune/ranking_batch.ts";

/** `plain`: as the release trains without alignment; `iais`: with it, and everywhere else. */
export type Layout = "plain" | "iais";

export interface Ranking {
  readonly config: Configuration;
  readonly tables: PairTables;
  readonly drawn: RankingBatch;
  readonly layout: Layout;
}

/** Scores of all candidates, as mining sees them. */
export function minedScores(weights: Weights, { config, tables, drawn, layout }: Ranking) {
  const releaseLayout = layout === "plain" ? { pass: "mining", drawn } as const : undefined;
  return scoreBatch(weights, config, tables, drawn, { releaseLayout });
}

/** The positive and the hardest negatives of each problem. */
export function hardBatch(weights: Weights, ranking: Ranking, count: number): RankingBatch {
  return chooseHard(ranking.drawn, minedScores(weights, ranking), { count });
}

/** Losses of the chosen negatives, with gradient. */
export function hardLosses(
  weights: Weights,
  { config, tables, drawn, layout }: Ranking,
  { hard, margin }: { readonly hard: RankingBatch; readonly margin: number },
): Axes<"anchor negative"> {
  const releaseLayout = layout === "plain" ? { pass: "gradient", drawn } as const : undefined;
  const { scores } = scoreBatch(weights, config, tables, hard, { releaseLayout });
  return rankingLosses(scores, { margin });
}

/** The last layer's attention of the two positives. */
export function positiveBlocks(
  weights: Weights,
  { config, tables, drawn }: Pick<Ranking, "config" | "tables" | "drawn">,
): AttentionBlocks {
  const positive = (candidates: tf.Tensor) => tf.slice(candidates, [0, 0], [1, 1]);
  const scored: ScoredBatch = scoreBatch(weights, config, tables, {
    ...drawn,
    textCandidates: positive(drawn.textCandidates),
    imageCandidates: positive(drawn.imageCandidates),
  });
  const [image, text] = [scored.candidate("image", 0), scored.candidate("text", 0)];
  const both = <Names extends string>(x: Axes<Names>, y: Axes<Names>) =>
    tf.concat([x as tf.Tensor, y as tf.Tensor]) as Axes<Names>;
  const last = config.num_hidden_layers - 1;
  return attentionBlocks(weights, config, both(image.entering(last), text.entering(last)), {
    wordMask: both(image.wordMask, text.wordMask),
    regionMask: both(image.regionMask, text.regionMask),
  });
}

/** A scalar: the V loss of the image-anchored positive, or the L loss of the text-anchored one. */
export function positiveLoss(
  blocks: AttentionBlocks,
  alignment: Alignment,
  modality: Modality,
): tf.Scalar {
  const losses = alignmentLosses(blocks, alignment, modality) as tf.Tensor;
  return tf.sum(tf.slice(losses, modality === "image" ? 0 : 1, 1));
}
