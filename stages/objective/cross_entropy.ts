/** Cross entropy against integer labels: -log softmax(logits)[label]. */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/**
 * In nats, row by row.
 * @param labels int32, one class per row.
 */
export function crossEntropy<Row extends string = never, Class extends string = never>(
  logits: Axes<`${Row} ${Class}`>,
  labels: Axes<Row>,
): Axes<Row> {
  const [, classes = 0] = named("row class", logits).shape;
  const wanted = tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), "float32");
  return tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(logits)), -1));
}
