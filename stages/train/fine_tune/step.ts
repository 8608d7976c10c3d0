/**
 * A micro-step of fine-tuning as one program: mining, selection and gradient, for image-anchored and
 * text-anchored ranking problems together.
 *
 *     loss = mean over image-anchored problems of mean_j hinge_j + the same, text-anchored
 *          + weight * (mean V loss of the image-anchored positives + mean L loss of the others)
 *
 * the alignment losses being those of the last layer's mean over heads, or what the scope says.
 *
 * Source: IAIS (arXiv 2105.13868, section 4), UNITER's hard-negative fine-tuning; the release's
 * itm.py. It trains on one positive pair per direction and micro-step; here there may be several.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../../model/configuration.ts";
import { deviceRandom } from "../../model/keyed_random.ts";
import type { Weights } from "../../model/weights.ts";
import type { Precision } from "../../model/matrix_product.ts";
import { type Alignment, alignmentLosses } from "../../objective/alignment.ts";
import {
  type AlignmentScope,
  layersOf,
  modalitiesOf,
  publishedScope,
} from "../../objective/alignment_scope.ts";
import { rankingLosses } from "../../objective/margin_ranking.ts";
import { attentionBlocks } from "../../objective/self_attention.ts";
import { addGradients, lossAndGradients } from "../gradients.ts";
import { hardCandidates, takeCandidates } from "./hard_negatives.ts";
import type { PairTables } from "../../batch/row_tables.ts";
import {
  type RankingBatch,
  type RankingGround,
  scoreBatch,
  type ScoredBatch,
} from "./ranking_batch.ts";
import type { Pass } from "./release_layout.ts";

export interface FineTuningObjective extends RankingGround {
  /** Undefined: ranking alone. */
  readonly alignment: Alignment | undefined;
  /** Layers, heads and modality of the alignment loss; by default as published. */
  readonly scope?: AlignmentScope;
  readonly margin: number;
  /** Of the encoder's products. */
  readonly precision?: Precision;
  /** Negatives kept by mining. */
  readonly hardNegatives: number;
  /** Image-anchored pairs laid out as the release does without alignment; see `release_layout.ts`. */
  readonly releaseLayout?: boolean;
}

export type MicroStepInputs = {
  readonly weights: Weights;
  /** Sums of the update's earlier micro-steps; empty where an update has one alone. */
  readonly accumulated: Weights;
  readonly tables: PairTables;
  readonly batch: RankingBatch;
  /** int32 [2]: the key of this micro-step's random numbers (dropout). */
  readonly key: tf.Tensor;
  /** Scalar: the annealed weight of the alignment loss. */
  readonly alignmentWeight: tf.Tensor;
  /** Scalar: 1 / micro-steps of an update. */
  readonly share: tf.Tensor;
};

export type MicroStepOutputs = {
  readonly accumulated: Record<string, tf.Tensor>;
  /** [3]: loss, ranking part, alignment part before its weight. */
  readonly numbers: tf.Tensor;
  /** [problem, candidate]: raw scores that mining saw; the right one stands first. */
  readonly mined: tf.Tensor;
};

export function fineTuningStep(
  config: Configuration,
  objective: FineTuningObjective,
  { weights, accumulated, tables, batch, key, alignmentWeight, share }: MicroStepInputs,
): MicroStepOutputs {
  const { precision, drops, branchWeight } = objective;
  const layout = (pass: Pass) => objective.releaseLayout ? { pass, drawn: batch } : undefined;
  const mined = scoreBatch(weights, config, tables, batch, {
    precision,
    branchWeight,
    releaseLayout: layout("mining"),
  });
  const hard = chooseHard(batch, mined, objective.hardNegatives);
  const random = deviceRandom(key as tf.Tensor1D);
  const { loss, gradients, parts } = lossAndGradients(weights, (weights) => {
    const scored = scoreBatch(weights, config, tables, hard, {
      random,
      precision,
      drops,
      branchWeight,
      releaseLayout: layout("gradient"),
    });
    const losses = rankingLosses(scored.scores, { margin: objective.margin });
    // Two directions, each a mean: twice the mean over all, since both have as many problems.
    const ranking = tf.mul(tf.mean(losses as tf.Tensor), 2) as tf.Scalar;
    if (objective.alignment === undefined) return [tf.mul(ranking, share), ranking];
    const aligning = alignmentLoss(weights, config, scored, {
      alignment: objective.alignment,
      scope: objective.scope ?? publishedScope,
    });
    const total = tf.add(ranking, tf.mul(alignmentWeight, aligning));
    return [tf.mul(total, share), ranking, aligning];
  });
  const [ranking = tf.scalar(0), aligning = tf.scalar(0)] = parts;
  return {
    accumulated: addGradients(accumulated, gradients),
    numbers: tf.stack([tf.div(loss, share), ranking, aligning]),
    mined: mined.scores as tf.Tensor,
  };
}

/** The batch with the positive and the hardest candidates of each problem. */
export function chooseHard(batch: RankingBatch, mined: ScoredBatch, count: number): RankingBatch {
  const [imageAnchored, textAnchored] = tf.split(
    hardCandidates(mined.scores, count) as tf.Tensor,
    2,
  );
  return {
    imageAnchors: batch.imageAnchors,
    textCandidates: takeCandidates(batch.textCandidates, imageAnchored!),
    textAnchors: batch.textAnchors,
    imageCandidates: takeCandidates(batch.imageCandidates, textAnchored!),
  };
}

/**
 * Mean V loss of the image-anchored positives + mean L loss of the text-anchored ones, or one of the
 * two; each the mean over layers.
 */
function alignmentLoss(
  weights: Weights,
  config: Configuration,
  scored: ScoredBatch,
  { alignment, scope }: { readonly alignment: Alignment; readonly scope: AlignmentScope },
): tf.Scalar {
  const layers = layersOf(scope.layers, config);
  const means = modalitiesOf(scope).flatMap((modality) => {
    const direction = modality === "image" ? "imageAnchored" : "textAnchored";
    const positives = (x: tf.Tensor) => positiveRows(x, scored.scores, direction);
    const masks = {
      wordMask: positives(scored.wordMask),
      regionMask: positives(scored.regionMask),
    };
    return layers.map((layer) => {
      const entering = positives(scored.entering[layer]!);
      const reading = { layer, heads: scope.heads };
      const blocks = attentionBlocks(weights, config, entering, masks, reading);
      return tf.mean(alignmentLosses(blocks, alignment, modality) as tf.Tensor);
    });
  });
  const sum = tf.addN(means) as tf.Scalar;
  return layers.length === 1 ? sum : tf.div(sum, layers.length);
}

/** Of one direction's problems the rows of the positives: [2 anchors * candidate, ...] -> [anchor, ...]. */
function positiveRows(
  x: tf.Tensor,
  scores: ScoredBatch["scores"],
  direction: "imageAnchored" | "textAnchored",
): tf.Tensor {
  const [problems = 0, candidates = 0] = scores.shape;
  const anchors = problems / 2;
  const inner = x.shape.slice(1);
  const grouped = tf.reshape(x, [problems, candidates, ...inner]);
  const start = [direction === "imageAnchored" ? 0 : anchors, 0, ...inner.map(() => 0)];
  return tf.reshape(tf.slice(grouped, start, [anchors, 1, ...inner]), [anchors, ...inner]);
}
