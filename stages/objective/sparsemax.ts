/**
 * sparsemax(z) = argmin over p of |p - z|^2, p row-stochastic: p_i = max(0, z_i - tau), exactly 0 for
 * entries 1 or more below the maximum. Source: arXiv 1602.02068, algorithm 1 and section 2.5.
 */
import * as tf from "@tensorflow/tfjs-core";
import { customGradient } from "../model/custom_gradient.ts";

/** z is clipped this far below its maximum: entries below get p = 0, and the sums stay accurate. */
const DEPTH = 2;

/** Along the last axis. Gradient: s (dy - mean of dy over the support), s = 1 on the support, else 0. */
export function sparsemax(logits: tf.Tensor): tf.Tensor {
  const map = customGradient((x, save) => {
    const z = belowMaximum(x, DEPTH);
    const shares = tf.relu(tf.sub(z, threshold(z)));
    save([shares]);
    return {
      value: shares,
      gradFunc: (dy, [shares]) => {
        const support = tf.cast(tf.greater(shares!, 0), "float32");
        const size = tf.sum(support, -1, true);
        const mean = tf.div(tf.sum(tf.mul(support, dy), -1, true), size);
        return tf.mul(support, tf.sub(dy, mean));
      },
    };
  });
  return map(logits);
}

/** Each row minus its maximum, clipped at -depth. */
export function belowMaximum(x: tf.Tensor, depth: number): tf.Tensor {
  return tf.maximum(tf.sub(x, tf.max(x, -1, true)), -depth);
}

/** tau = (sum of the r largest - 1) / r, with the largest r for which 1 + r z_r > that sum. */
function threshold(z: tf.Tensor): tf.Tensor {
  const length = z.shape.at(-1)!;
  const sorted = tf.topk(z, length).values;
  const rank = tf.range(1, length + 1);
  const sums = tf.cumsum(sorted, z.rank - 1);
  const taken = tf.cast(tf.greater(tf.add(tf.mul(rank, sorted), 1), sums), "float32");
  const sum = tf.sum(tf.mul(taken, sorted), -1, true);
  return tf.div(tf.sub(sum, 1), tf.sum(taken, -1, true));
}
