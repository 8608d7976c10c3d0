/**
 * A micro-step of fine-tuning as one program: mining hard negatives (unless all are trained
 * on), selecting them, and computing gradients, for image-anchored and text-anchored ranking problems
 * together.
 *
 *     loss = mean over image-anchored problems of mean_j hinge_j + the same, text-anchored
 *          + weight * (mean V loss of the image-anchored positives + mean L loss of the others)
 *
 * With `ranking: softmax`, a problem's loss is that of objective/softmax_ranking.ts instead.
 *
 * The alignment losses (objective/alignment.ts) compare the attention within words (L) or regions (V)
 * with that through the other modality. By default they are those of the last layer, of the mean over
 * heads; the scope may choose other layers and heads.
 *
 * Source: IAIS (arXiv 2105.13868, section 4), UNITER's hard-negative fine-tuning; the release's
 * itm.py. The release has one positive pair per direction and micro-step; here there may be several.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../../model/configuration.ts";
import { deviceRandom } from "../../model/keyed_random.ts";
import type { Weights } from "../../model/weights.ts";
import type { PairGroup } from "../../model/packed_pairs.ts";
import type { Precision } from "../../model/matrix_product.ts";
import type { Alignment } from "../../objective/alignment.ts";
import { type AlignmentScope, publishedScope } from "../../objective/alignment_scope.ts";
import { rankingLosses } from "../../objective/margin_ranking.ts";
import { softmaxRankingLosses } from "../../objective/softmax_ranking.ts";
import { lossAndGradients } from "../gradients.ts";
import { alignmentTerms } from "./alignment_loss.ts";
import { chooseHard, type HardChoice } from "./hard_negatives.ts";
import type { PairTables } from "../../batch/row_tables.ts";
import { type RankingBatch, type RankingGround, scoreBatch } from "./ranking_batch.ts";
import type { Pass } from "./release_layout.ts";

export interface FineTuningObjective extends RankingGround {
  /** Undefined: ranking only. */
  readonly alignment: Alignment | undefined;
  /** Layers, heads and modality of the alignment loss; by default as published. */
  readonly scope?: AlignmentScope;
  /**
   * Margin of the contrast of the alignment loss with each problem's first negative, which mining then
   * keeps; undefined: no contrast. See `alignment_loss.ts`.
   */
  readonly contrast?: number | undefined;
  /** By default by margin, as published. */
  readonly ranking?: "margin" | "softmax" | undefined;
  readonly margin: number;
  /** Precision of the encoder's matrix products. */
  readonly precision?: Precision;
  /** Number of negatives that mining keeps. */
  readonly hardNegatives: number;
  /** Lays out image-anchored pairs as the release does without alignment; see `release_layout.ts`. */
  readonly releaseLayout?: boolean;
  /** How pairs are packed; undefined: all are padded to the longest. Not with `releaseLayout`. */
  readonly packing?: Packing | undefined;
}

/** The groups of the pairs of a micro-step, widest first. */
export interface Packing {
  /** Of all candidates, which mining scores. */
  readonly mined: readonly PairGroup[];
  /** Of the candidates that are trained on. */
  readonly trained: readonly PairGroup[];
}

export type MicroStepInputs = {
  readonly weights: Weights;
  readonly tables: PairTables;
  readonly batch: RankingBatch;
  /** int32 [2]: the key of this micro-step's random numbers (dropout). */
  readonly key: tf.Tensor;
  /** Scalar: the current weight of the alignment loss. */
  readonly alignmentWeight: tf.Tensor;
  /** Scalar: 1 / number of micro-steps of an update. */
  readonly share: tf.Tensor;
};

export type MicroStepOutputs = {
  /** By name of the trained tensors. */
  readonly gradients: Record<string, tf.Tensor>;
  /**
   * [4]: loss, ranking loss, alignment loss before it is weighted, entropy of the aligned attention of
   * the positives. The last two are 0 without alignment.
   */
  readonly numbers: tf.Tensor;
  /**
   * [problem, candidate]: raw scores of all candidates; candidate 0 is right. Those of the mining pass, or,
   * where nothing is mined, of the pass with dropout.
   */
  readonly scores: tf.Tensor;
};

/**
 * Whether a step scores all candidates first: where all negatives are trained on, there is nothing to mine.
 * The release's layout depends on the order that mining gives.
 */
export function mines(
  { hardNegatives, releaseLayout = false }: Pick<
    FineTuningObjective,
    "hardNegatives" | "releaseLayout"
  >,
  negatives: number,
): boolean {
  return hardNegatives < negatives || releaseLayout;
}

/** The negatives that mining keeps. */
export function hardChoice(
  { hardNegatives, alignment, contrast }: FineTuningObjective,
): HardChoice {
  return {
    count: hardNegatives,
    keepFirst: alignment !== undefined && contrast !== undefined,
  };
}

export function fineTuningStep(
  config: Configuration,
  objective: FineTuningObjective,
  { weights, tables, batch, key, alignmentWeight, share }: MicroStepInputs,
): MicroStepOutputs {
  const { precision, drops, branchWeight, packing } = objective;
  const layout = (pass: Pass) => objective.releaseLayout ? { pass, drawn: batch } : undefined;
  const mined = mines(objective, batch.textCandidates.shape[1]! - 1)
    ? scoreBatch(weights, config, tables, batch, {
      precision,
      branchWeight,
      releaseLayout: layout("mining"),
      groups: packing?.mined,
    })
    : undefined;
  const hard = mined === undefined ? batch : chooseHard(batch, mined, hardChoice(objective));
  const random = deviceRandom(key as tf.Tensor1D);
  const { loss, gradients, parts } = lossAndGradients(weights, (weights) => {
    const scored = scoreBatch(weights, config, tables, hard, {
      random,
      precision,
      drops,
      branchWeight,
      releaseLayout: layout("gradient"),
      groups: packing?.trained,
    });
    const losses = objective.ranking === "softmax"
      ? softmaxRankingLosses(scored.scores)
      : rankingLosses(scored.scores, { margin: objective.margin });
    // The sum of the means of both directions: they have equally many problems.
    const ranking = tf.mul(tf.mean(losses), 2) as tf.Scalar;
    const { scores } = scored;
    if (objective.alignment === undefined) return [tf.mul(ranking, share), scores, ranking];
    const aligning = alignmentTerms(weights, config, scored, {
      alignment: objective.alignment,
      scope: objective.scope ?? publishedScope,
      contrast: objective.contrast,
    });
    const total = tf.add(ranking, tf.mul(alignmentWeight, aligning.loss));
    return [tf.mul(total, share), scores, ranking, aligning.loss, aligning.entropy];
  });
  const [scores, ranking = tf.scalar(0), aligning = tf.scalar(0), entropy = tf.scalar(0)] = parts;
  return {
    gradients,
    numbers: tf.stack([tf.div(loss, share), ranking, aligning, entropy]),
    scores: mined?.scores ?? scores!,
  };
}
