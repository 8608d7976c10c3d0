/** Choices such as a maximum's place: constant almost everywhere, and tfjs has no gradient for them. */
import * as tf from "@tensorflow/tfjs-core";

/** `choose(x)`, through which no gradient flows back to x. */
export function withoutGradient(x: tf.Tensor, choose: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const { shape } = x;
  const chosen = tf.customGrad((x) => ({
    value: choose(x as tf.Tensor),
    gradFunc: () => tf.zeros(shape),
  }));
  return chosen(x);
}
