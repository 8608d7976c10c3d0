/**
 * The elementary layers: linear, layer normalisation, GELU and dropout. Weights are found by the
 * layer's name in the checkpoint.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { DeviceRandom } from "./keyed_random.ts";
import { matrixProduct, type ProductOptions } from "./matrix_product.ts";
import { weight, type Weights } from "./weights.ts";

/**
 * y = x W^T + b over the last axis, with W [out, in] as PyTorch stores it.
 * @param name the layer's, without `.weight`
 * @param x [..., in]
 * @returns [..., out]
 */
export function linear(
  weights: Weights,
  name: string,
  x: tf.Tensor,
  { precision }: Pick<ProductOptions, "precision"> = {},
): tf.Tensor {
  const matrix = weight(weights, `${name}.weight`);
  const [outputs = 0, inputs = 0] = matrix.shape;
  if (x.shape.at(-1) !== inputs) {
    throw new Error(
      `internal: \`${name}\` takes ${inputs} numbers per position, got shape [${
        x.shape.join(", ")
      }]`,
    );
  }
  const rows = tf.reshape(x, [-1, inputs]); // [..., in] -> [row, in]: one large product
  const product = matrixProduct(rows, matrix, { transposeB: true, precision });
  const shifted = tf.add(product, weight(weights, `${name}.bias`));
  return tf.reshape(shifted, [...x.shape.slice(0, -1), outputs]);
}

/** BERT's, inside the square root. */
const EPSILON = 1e-12;

/**
 * LN(x) = (x - mean) / sqrt(variance + 1e-12) * weight + bias over the last axis, with the biased
 * variance.
 * @param name the layer's, without `.weight`
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

/**
 * The exact Gaussian error linear unit, x/2 (1 + erf(x / sqrt 2)), element by element; not the tanh
 * approximation.
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

/**
 * Each element is 0 with probability `rate`, and divided by 1 - rate otherwise. The random numbers are
 * counter-based, so a resumed run drops the same elements as an uninterrupted one.
 * @param random a stream for this call alone; without one `x` is returned unchanged
 */
export function dropout(
  x: tf.Tensor,
  { rate, random }: { readonly rate: number; readonly random?: DeviceRandom | undefined },
): tf.Tensor {
  if (random === undefined || rate === 0) return x;
  // The comparison sees random numbers alone, never the weights: nothing to differentiate.
  const kept = tf.cast(tf.greaterEqual(random.uniform(x.shape), tf.scalar(rate)), "float32");
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
