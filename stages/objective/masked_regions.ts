/**
 * Masked-region modelling: what stood where a region was masked, as features or as classes.
 * Source: UNITER (arXiv 1909.11740, section 3.2: MRFR and MRC-kl).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";

/**
 * Feature regression: mean over masked regions of the mean over features of (predicted - actual)^2.
 * @param there 1 where a region was masked, 0 for an unused row. With none at all the loss is 0.
 */
export function maskedFeatureLoss(
  predicted: Axes<"row feature">,
  { actual, there }: { readonly actual: Axes<"row feature">; readonly there: Axes<"row"> },
): tf.Scalar {
  const errors = tf.mean(tf.squaredDifference(predicted, actual), -1);
  return meanOfPresent(errors, there);
}

/**
 * Classes: mean over masked regions of KL(actual || predicted) = sum_c actual_c (log actual_c -
 * log softmax(logits)_c), in nats per region. Where a region has one class for certain, that is the
 * cross entropy. The release divides by the number of classes, too; this does not.
 * @param actual the detector's probabilities of each region; rows sum to 1.
 */
export function maskedClassLoss(
  logits: Axes<"row class">,
  { actual, there }: { readonly actual: Axes<"row class">; readonly there: Axes<"row"> },
): tf.Scalar {
  const certain = tf.log(tf.maximum(actual, 1e-30)); // 0 log 0 = 0
  const apart = tf.sub(certain, tf.logSoftmax(logits));
  return meanOfPresent(tf.sum(tf.mul(actual, apart), -1), there);
}

function meanOfPresent(losses: tf.Tensor, there: tf.Tensor): tf.Scalar {
  const weights = tf.cast(there, "float32");
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.maximum(tf.sum(weights), 1));
}
