/**
 * m-KL(P, Q) = mean over rows i of KL(P_i || Q_i) + KL(Q_i || P_i), with 0 log 0 = 0
 * (arXiv 2105.13868, equation 3). Gradients flow through both arguments.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/**
 * Logarithms are of max(x, FLOOR). The release has log x, which is infinite where an attention weight
 * has underflowed; above the floor the two agree. It is below any attention weight that is not 0, but
 * 1 / FLOOR is still a float32.
 */
const FLOOR = 1e-30;

/** Padding, and what is added within the logarithm. */
export interface SymmetricKlOptions<Place extends string> {
  /** 1 for rows (and columns), 0 for padding. */
  readonly mask: Axes<`pair ${Place}`>;
  /**
   * Added to the second argument, only within its logarithm:
   * KL(P || Q) = sum P (log P - log(Q + eps)). The release has 1e-6 for distributed alignment.
   */
  readonly eps: number;
}

/** m-KL of two relations over the same positions. A pair without any row has distance 0. */
export function symmetricKl<Place extends string = never>(
  p: Axes<`pair ${Place} ${Place}`>,
  q: Axes<`pair ${Place} ${Place}`>,
  { mask, eps }: SymmetricKlOptions<Place>,
): Axes<"pair"> {
  named("pair place place", p);
  const there = tf.mul(tf.expandDims(mask, 2), tf.expandDims(mask, 1));
  const first = tf.mul(p, there);
  const second = tf.mul(q, there);
  const rows = tf.maximum(tf.sum(mask, 1), 1);
  const forward = divergences(first, second, eps);
  const backward = divergences(second, first, eps);
  return tf.div(tf.sum(tf.add(forward, backward), [1, 2]), rows);
}

/** P (log P - log(Q + eps)), element by element. */
function divergences(p: tf.Tensor, q: tf.Tensor, eps: number): tf.Tensor {
  return tf.mul(p, tf.sub(safeLog(p), safeLog(eps === 0 ? q : tf.add(q, eps))));
}

function safeLog(x: tf.Tensor): tf.Tensor {
  return tf.log(tf.maximum(x, FLOOR));
}
