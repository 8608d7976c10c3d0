/**
 * Names for tensor axes. The legend of the whole project:
 *
 *     pair      a text and an image that go through the encoder together
 *     text      a caption              image     an image
 *     word      a position in a text: [CLS], word pieces, [SEP], padding
 *     token     a position in a text without [CLS] and [SEP] (used by relation alignment)
 *     region    a region of an image, or padding
 *     position  words, then regions: the encoder's sequence
 *     row       the first few positions, where only those are needed; or any flattened axis
 *     hidden    the model's width      feature   the width of a region's descriptor
 *     head      an attention head      depth     hidden / heads
 *     box       the 7 box numbers      entry     a word of the vocabulary
 *     class     an object class        common    the width of the two branches' vectors
 *     anchor    the fixed side of a ranking problem; candidate: 1 positive, then negatives
 *
 * The names cost nothing at run time. An `Axes<...>` is a `tf.Tensor` and needs no cast where one is
 * wanted. A tensor without names fits everywhere; two tensors with different names do not fit each
 * other, so swapping an attention block is a compile error.
 *
 * tfjs functions that are generic in their input (slice, gather, transpose, concat) keep its names in
 * their result. Where the axes change, `named` gives the new ones.
 */
import type * as tf from "@tensorflow/tfjs-core";

declare const axes: unique symbol;

/** A tensor with named axes: `Axes<"pair word hidden">`. */
export interface Axes<Names extends string> extends tf.Tensor {
  readonly [axes]?: Names;
}

/**
 * The same tensor with these axis names, in place of any that it had; checks their number.
 * @throws an internal error with the expected names and the tensor's shape
 */
export function named<Names extends string>(names: Names, tensor: tf.Tensor): Axes<Names> {
  if (tensor.rank !== names.split(" ").length) {
    throw new Error(`internal: expected axes [${names}], got shape [${tensor.shape.join(", ")}]`);
  }
  return tensor as Axes<Names>;
}

/** The size of a named axis: `sizeOf("word", "pair word hidden", embedding)`. */
export function sizeOf<Names extends string>(
  axis: string,
  names: Names,
  tensor: Axes<Names>,
): number {
  const axisIndex = names.split(" ").indexOf(axis);
  const size = named(names, tensor).shape[axisIndex];
  if (size === undefined) throw new Error(`internal: no axis \`${axis}\` in [${names}]`);
  return size;
}
