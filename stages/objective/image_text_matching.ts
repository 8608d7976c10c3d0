/** Image-text matching: does this caption belong to this picture? */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { crossEntropy } from "./cross_entropy.ts";

/**
 * The loss of a batch.
 * @param labels int32: 1 for a pair that belongs together, 0 for one that does not.
 * @returns the mean cross entropy, a scalar in nats.
 */
export function imageTextMatchingLoss(
  logits: Axes<"pair match">,
  labels: Axes<"pair">,
): tf.Scalar {
  return tf.mean(crossEntropy(logits, labels));
}
