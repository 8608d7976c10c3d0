/** y = x W^T + b over the last axis, with W [out, in] as PyTorch keeps it. */
import * as tf from "@tensorflow/tfjs-core";
import { matrixProduct, type ProductOptions } from "./matrix_product.ts";
import { weight, type Weights } from "./weights.ts";

/**
 * One linear layer, at every place alike.
 * @param name of the layer in the checkpoint, without `.weight`.
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
      `internal: \`${name}\` takes ${inputs} numbers per place, got shape [${x.shape.join(", ")}]`,
    );
  }
  const places = tf.reshape(x, [-1, inputs]); // [..., in] -> [row, in]: one large product
  const product = matrixProduct(places, matrix, { transposeB: true, precision });
  const shifted = tf.add(product, weight(weights, `${name}.bias`));
  return tf.reshape(shifted, [...x.shape.slice(0, -1), outputs]);
}
