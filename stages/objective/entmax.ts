/**
 * 1.5-entmax, half way between softmax and sparsemax: p_i = max(0, z_i / 2 - tau)^2, exactly 0 for
 * entries 2 or more below the maximum.
 * Source: arXiv 1905.05702, algorithm 2 (exact, by sorting) and proposition 2 (gradient).
 */
import * as tf from "@tensorflow/tfjs-core";
import { customGradient } from "../model/custom_gradient.ts";
import { belowMaximum } from "./sparsemax.ts";

/** z / 2 is clipped this far below its maximum; entries below get p = 0 in any case. */
const DEPTH = 2;

/** Along the last axis. Gradient: s (dy - (s dy) / (s 1)), where s is the root of p. */
export function entmax15(logits: tf.Tensor): tf.Tensor {
  const map = customGradient((x, save) => {
    const z = belowMaximum(tf.div(x, 2), DEPTH);
    const shares = tf.square(tf.relu(tf.sub(z, threshold(z))));
    save([shares]);
    return {
      value: shares,
      gradFunc: (dy, [shares]) => {
        const roots = tf.sqrt(shares!);
        const weighted = tf.sum(tf.mul(roots, dy), -1, true);
        const mean = tf.div(weighted, tf.sum(roots, -1, true));
        return tf.mul(roots, tf.sub(dy, mean));
      },
    };
  });
  return map(logits);
}

/**
 * tau solves sum (z_i - tau)^2 = 1 over the r largest, with the largest r for which tau <= z_r:
 * tau = mean - sqrt((1 - squares) / r), where squares is the sum of (z_i - mean)^2.
 */
function threshold(z: tf.Tensor): tf.Tensor {
  const length = z.shape.at(-1)!;
  const last = z.rank - 1;
  const sorted = tf.topk(z, length).values;
  const rank = tf.range(1, length + 1);
  const means = tf.div(tf.cumsum(sorted, last), rank);
  const squares = tf.sub(tf.cumsum(tf.square(sorted), last), tf.mul(rank, tf.square(means)));
  const taken = tf.cast(
    tf.lessEqual(tf.sub(means, root(tf.div(tf.sub(1, squares), rank))), sorted),
    "float32",
  );
  // Computed again for that r, without the cancellation of running sums.
  const size = tf.sum(taken, -1, true);
  const mean = tf.div(tf.sum(tf.mul(taken, sorted), -1, true), size);
  const spread = tf.sum(tf.mul(taken, tf.square(tf.sub(sorted, mean))), -1, true);
  return tf.sub(mean, root(tf.div(tf.sub(1, spread), size)));
}

function root(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.relu(x));
}
