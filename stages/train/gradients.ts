/** The value of a loss, and its gradients by parameter name. */
import * as tf from "@tensorflow/tfjs-core";
import type { Weights } from "../model/weights.ts";

export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Record<string, tf.Tensor>;
  /** What else the loss function returned. */
  readonly parts: readonly tf.Tensor[];
}

/** @param loss returns the loss, followed by tensors to report */
export function lossAndGradients(
  weights: Weights,
  loss: (weights: Weights) => readonly [tf.Scalar, ...tf.Tensor[]],
): LossAndGradients {
  const names = Object.keys(weights);
  let kept: readonly tf.Tensor[] = [];
  const differentiated = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    const [value, ...further] = loss(
      Object.fromEntries(names.map((name, i) => [name, tensors[i]!])),
    );
    kept = further.map((part) => tf.keep(part));
    return value;
  });
  const { value, grads } = differentiated(names.map((name) => weights[name]!));
  return {
    loss: value as tf.Scalar,
    gradients: Object.fromEntries(names.map((name, i) => [name, grads[i]!])),
    parts: kept.map((part) => {
      const copy = tf.clone(part); // belongs to the caller's scope; kept tensors belong to none
      part.dispose();
      return copy;
    }),
  };
}

/** Adds the gradients of a micro-step to a sum, by name. The sum may be empty. */
export function addGradients(sum: Weights, gradients: Weights): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, tensor]) => {
      const before = sum[name];
      return [name, before === undefined ? tensor : tf.add(before, tensor)];
    }),
  );
}
