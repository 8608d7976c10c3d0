/**
 * Image-text matching: mean cross entropy of "belongs together". Every second pair of a batch does.
 * Source: UNITER (arXiv 1909.11740, section 3.2, ITM).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../../../model/axes.ts";
import { withoutGradient } from "../../../model/custom_gradient.ts";
import { matchLogits } from "../../../model/heads.ts";
import { pooledPairParts } from "../../../model/parameters.ts";
import { pooledPairs } from "../../../model/uniter.ts";
import type { Weights } from "../../../model/weights.ts";
import { imageTextMatchingLoss } from "../../../objective/cross_entropy.ts";
import { signsOfPairs } from "../../score_signs.ts";
import {
  drawOf,
  matchLabels,
  mismatched,
  mismatchedInFamily,
  type RowBatch,
  rowBatch,
  textsInEpochs,
} from "../batch_rows.ts";
import { encodedPairs } from "../encoded_pairs.ts";
import type { BatchArray, BatchSource, PretrainingTask } from "../task.ts";

export type MatchingBatch = RowBatch & {
  /** int32 [pair]: 1 where text and image belong together. */
  readonly matched: BatchArray;
};

export const matching: PretrainingTask<MatchingBatch> = {
  trains: [...pooledPairParts, "itm_output."],
  reports: ["matching_loss", "matching_accuracy"],
  needs: ["two_pictures"],
  batch: halfMismatched,
  loss(input) {
    const { weights, batch } = input;
    const { pairs } = encodedPairs(input, { keep: "cls" });
    const { loss, accuracy, scores } = matchLoss(
      weights,
      pooledPairs(weights, pairs),
      batch.matched,
    );
    return { loss, reported: [loss, accuracy], scores };
  },
  signs: (scores, { matched }) => signsOfPairs(scores, matched.values),
};

/** Every second text has another image than its own, half of them one of its family where there are families. */
export function halfMismatched(source: BatchSource, step: number): MatchingBatch {
  const { index, families } = source;
  const draw = drawOf(source, step);
  const pairs = textsInEpochs(source, step).map((rows, pair) => {
    if (pair % 2 === 0) return rows;
    const own = draw.fork(pair);
    const relative = families && pair % 4 === 1 ? mismatchedInFamily(rows, index, own) : undefined;
    return relative ?? mismatched(rows, index, own);
  });
  return { ...rowBatch(pairs, index), matched: matchLabels(pairs, index) };
}

/**
 * @returns the loss, the share of pairs that are judged correctly, and the probabilities [pair] of
 * "belongs together"; the last two are constants without a gradient
 */
export function matchLoss(weights: Weights, pooled: Axes<"pair hidden">, matched: tf.Tensor) {
  const logits = matchLogits(weights, pooled);
  const loss = imageTextMatchingLoss(logits, matched);
  return { loss, accuracy: accuracyOf(logits, matched), scores: matchProbabilities(logits) };
}

function accuracyOf(logits: tf.Tensor, matched: tf.Tensor): tf.Scalar {
  const judged = tf.equal(likelierClass(logits), matched);
  return tf.mean(tf.cast(judged, "float32"));
}

function matchProbabilities(logits: tf.Tensor): tf.Tensor {
  const [pairs = 0] = logits.shape;
  return withoutGradient(
    logits,
    (x) => tf.reshape(tf.slice(tf.softmax(x), [0, 1], [pairs, 1]), [pairs]),
  );
}

function likelierClass(logits: tf.Tensor): tf.Tensor {
  return tf.cast(withoutGradient(logits, (x) => tf.cast(tf.argMax(x, -1), "float32")), "int32");
}
