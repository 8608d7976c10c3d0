/** Value and gradients of a loss by parameter name. */
import * as tf from "@tensorflow/tfjs-core";
import type { Weights } from "../model/weights.ts";

export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Record<string, tf.Tensor>;
  /** What the loss function told beside the loss; scalars. */
  readonly parts: readonly tf.Scalar[];
}

/**
 * @param loss gives the loss first, then the numbers to report.
 */
export function lossAndGradients(
  weights: Weights,
  loss: (weights: Weights) => readonly [tf.Scalar, ...tf.Scalar[]],
): LossAndGradients {
  const names = Object.keys(weights);
  let kept: readonly tf.Scalar[] = [];
  const differentiated = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    const [value, ...told] = loss(Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
    kept = told.map((part) => tf.keep(part));
    return value;
  });
  const { value, grads } = differentiated(names.map((name) => weights[name]!));
  return {
    loss: value as tf.Scalar,
    gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    parts: kept.map((part) => {
      const copy = tf.clone(part); // belongs to the caller's scope; what is kept belongs to none
      part.dispose();
      return copy;
    }),
  };
}

/** Adds gradients of micro-steps, by name; to an empty sum there is nothing to add. */
export function addGradients(sum: Weights, gradients: Weights): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, tensor]) => {
      const before = sum[name];
      return [name, before === undefined ? tensor : tf.add(before, tensor)];
    }),
  );
}
