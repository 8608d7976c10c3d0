/**
 * Functions of one tensor with a gradient of their own. tfjs's `customGrad` does the work; its types
 * allow any mixture of arguments, these say what the function receives.
 */
import * as tf from "@tensorflow/tfjs-core";

interface ValueAndGradient {
  readonly value: tf.Tensor;
  /** The gradient with respect to x, from that of the value and the tensors that were saved. */
  readonly gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor;
}

/** `save` keeps tensors for the gradient; any others that `f` makes are freed before it runs. */
export function customGradient(
  f: (x: tf.Tensor, save: tf.GradSaveFunc) => ValueAndGradient,
): (x: tf.Tensor) => tf.Tensor {
  return tf.customGrad((x, save) => f(x as tf.Tensor, save as tf.GradSaveFunc));
}

/**
 * `choose(x)`, a constant for the gradient: nothing flows back to x. For choices such as the place of
 * a maximum, which are constant almost everywhere and for which tfjs has no gradient.
 */
export function withoutGradient(x: tf.Tensor, choose: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const { shape } = x;
  return customGradient((x) => ({ value: choose(x), gradFunc: () => tf.zeros(shape) }))(x);
}
