/** The exact Gaussian error linear unit: x/2 (1 + erf(x / sqrt 2)); not the tanh approximation. */
import * as tf from "@tensorflow/tfjs-core";

/** Element by element. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}
