/**
 * Softmax loss of ranking: the negative log-probability of the positive among its candidates,
 *
 *     loss = -log( exp(s_0) / sum_j exp(s_j) ),  candidate 0 being the positive
 *
 * Unlike the margin loss, it does not stop at a margin, and a negative weighs the more the closer it comes
 * to the positive. InfoNCE (arXiv 1807.03748) over given candidates; not the release's loss.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/** @param scores raw, the positive first @returns one loss per anchor, in nats */
export function softmaxRankingLosses(scores: Axes<"anchor candidate">): Axes<"anchor"> {
  const [anchors = 0] = named("anchor candidate", scores).shape;
  return tf.neg(tf.reshape(tf.slice(tf.logSoftmax(scores), [0, 0], [anchors, 1]), [anchors]));
}
