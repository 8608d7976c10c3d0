/** Masked-word modelling: the mean cross entropy over the words that were masked. */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { crossEntropy } from "./cross_entropy.ts";

/**
 * The loss of a batch.
 * @param labels int32: the word that stood there; any valid word where nothing was masked.
 * @param masked 1 where a word was masked, 0 elsewhere. With none at all the loss is 0.
 * @returns a scalar, in nats per masked word.
 */
export function maskedWordLoss(
  logits: Axes<"row entry">,
  { labels, masked }: { readonly labels: Axes<"row">; readonly masked: Axes<"row"> },
): tf.Scalar {
  const weights = tf.cast(masked, "float32");
  const losses = crossEntropy(logits, labels);
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.maximum(tf.sum(weights), 1));
}
