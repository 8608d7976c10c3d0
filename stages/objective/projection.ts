/**
 * How the attention between the modalities becomes a map from one's places to the other's: a
 * row-stochastic matrix P. First half of the alignment family; `relation.ts` is the other.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/** `argmax`: the one best place (ties: the lowest index). `softmax`: all places, as attended. */
export type Projection = "argmax" | "softmax";

/**
 * The map of a projection.
 * @param attention row-stochastic; padded columns hold 0.
 */
export function project<From extends string, To extends string>(
  projection: Projection,
  attention: Axes<`pair ${From} ${To}`>,
): Axes<`pair ${From} ${To}`> {
  switch (projection) {
    case "argmax":
      return oneBest(attention as tf.Tensor);
    case "softmax":
      return attention;
    default:
      return projection satisfies never;
  }
}

/** 1 at each row's maximum, 0 elsewhere; constant, so no gradient flows back. */
function oneBest(attention: tf.Tensor): tf.Tensor {
  const places = named("pair from to", attention).shape[2]!;
  const pick = tf.customGrad((x) => {
    // Not tf.oneHot, which refuses a single place.
    const best = tf.expandDims(tf.argMax(x as tf.Tensor, 2), 2);
    return {
      value: tf.cast(tf.equal(tf.range(0, places, 1, "int32"), best), "float32"),
      gradFunc: (above: tf.Tensor) => tf.zerosLike(above),
    };
  });
  return pick(attention);
}
