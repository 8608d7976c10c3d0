/** Vectors of length 1, whose products are cosines. */
import * as tf from "@tensorflow/tfjs-core";

/** x / sqrt(|x|^2 + 1e-12) along the last axis, so a zero vector stays 0. */
export function unitVectors(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)));
}
