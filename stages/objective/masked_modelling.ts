/**
 * Masked modelling: predict what was masked, the words of a text, or the regions of an image by their
 * features or their classes.
 * Source: BERT; UNITER (arXiv 1909.11740, section 3.2: MLM, MRFR and MRC-kl).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { crossEntropy } from "./cross_entropy.ts";

/**
 * Words: the mean cross entropy over the masked words, in nats per word.
 * @param labels int32: the word that was masked; any valid word in other rows
 * @param masked 1 where a word was masked, 0 elsewhere. Without any masked word the loss is 0.
 */
export function maskedWordLoss(
  logits: Axes<"row entry">,
  { labels, masked }: { readonly labels: Axes<"row">; readonly masked: Axes<"row"> },
): tf.Scalar {
  const weights = tf.cast(masked, "float32");
  return weightedMean(crossEntropy(logits, labels), weights);
}

/**
 * Feature regression: mean over masked regions of the mean over features of (predicted - actual)^2.
 * @param there 1 where a region was masked, 0 for an unused row. Without any the loss is 0.
 */
export function maskedFeatureLoss(
  predicted: Axes<"row feature">,
  { actual, there }: { readonly actual: Axes<"row feature">; readonly there: Axes<"row"> },
): tf.Scalar {
  const errors = tf.mean(tf.squaredDifference(predicted, actual), -1);
  return weightedMean(errors, tf.cast(there, "float32"));
}

/**
 * Region classes: mean over masked regions of KL(actual || predicted) = sum_c actual_c (log actual_c -
 * log softmax(logits)_c), in nats per region. For a region with one certain class that is the cross
 * entropy. The release also divides by the number of classes; this does not.
 * @param actual the detector's class probabilities; rows sum to 1
 */
export function maskedClassLoss(
  logits: Axes<"row class">,
  { actual, there }: { readonly actual: Axes<"row class">; readonly there: Axes<"row"> },
): tf.Scalar {
  const certain = tf.log(tf.maximum(actual, 1e-30)); // 0 log 0 = 0
  const apart = tf.sub(certain, tf.logSoftmax(logits));
  const divergences = tf.sum(tf.mul(actual, apart), -1);
  return weightedMean(divergences, tf.cast(there, "float32"));
}

/** Over the rows of weight 1; 0 if there are none. */
function weightedMean(losses: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.maximum(tf.sum(weights), 1));
}
