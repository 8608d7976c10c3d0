/** LN(x) = (x - mean) / sqrt(variance + 1e-12) * weight + bias, over the last axis. */
import * as tf from "@tensorflow/tfjs-core";
import { weight, type Weights } from "./weights.ts";

/** As BERT has it; inside the root. */
const EPSILON = 1e-12;

/**
 * Layer normalisation with the biased variance.
 * @param name of the layer in the checkpoint, without `.weight`.
 * @param x [..., hidden]
 */
export function layerNorm(weights: Weights, name: string, x: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const normal = tf.mul(centred, tf.rsqrt(tf.add(variance, EPSILON)));
  return tf.add(
    tf.mul(normal, weight(weights, `${name}.weight`)),
    weight(weights, `${name}.bias`),
  );
}
