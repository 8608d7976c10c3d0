/** Cross entropy against integer labels, and image-text matching, which is its mean. */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/**
 * -log softmax(logits)[label] of each row, in nats.
 * @param labels int32, one class per row
 */
export function crossEntropy<Row extends string = never, Class extends string = never>(
  logits: Axes<`${Row} ${Class}`>,
  labels: Axes<Row>,
): Axes<Row> {
  const [, classes = 0] = named("row class", logits).shape;
  const target = tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), "float32");
  return tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(logits)), -1));
}

/**
 * Image-text matching: does this caption belong to this image? The mean cross entropy, in nats.
 * @param labels int32: 1 for a pair that belongs together, 0 for one that does not
 */
export function imageTextMatchingLoss(
  logits: Axes<"pair match">,
  labels: Axes<"pair">,
): tf.Scalar {
  return tf.mean(crossEntropy(logits, labels));
}
