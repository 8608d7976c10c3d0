/**
 * How the attention between the modalities becomes a map from one's places to the other's: a
 * row-stochastic matrix P. First half of the alignment family; `relation.ts` is the other.
 *
 * Every projection reads the attention A as the blocks have it (the mean over heads, or one head).
 * `sparsemax` and `entmax15` take log A: the logits of A but for a constant in each row, which both
 * ignore. For a single head these are the cross-attention logits themselves; a mean over heads has no
 * others, and sparsemax of each head, averaged, would spread over the union of all heads' places.
 * Only places with more than 1/e (sparsemax) or 1/e^2 (entmax15) of their row's maximum are in P.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";
import { entmax15 } from "./entmax.ts";
import { sparsemax } from "./sparsemax.ts";
import { largestShares } from "./topk_map.ts";
import { withoutGradient } from "../model/custom_gradient.ts";

/**
 * `argmax`: the one best place (ties: the lowest index). `topk`: the best k (ties likewise),
 * renormalised. `sparsemax`, `entmax15`: as many as stand out. `softmax`: all places, as attended.
 */
export type Projection =
  | "argmax"
  | { readonly topk: number }
  | "sparsemax"
  | "entmax15"
  | "softmax";

/** Attention below has no logarithm of its own; far from any place that sparse projections take. */
const FLOOR = 1e-30;

/**
 * The map of a projection.
 * @param attention row-stochastic; padded columns hold 0, and so they do in the map.
 */
export function project<From extends string, To extends string>(
  projection: Projection,
  attention: Axes<`pair ${From} ${To}`>,
): Axes<`pair ${From} ${To}`> {
  const shares = named("pair from to", attention);
  switch (projection) {
    case "argmax":
      return withoutGradient(shares, oneBest);
    case "sparsemax":
      return sparsemax(logarithm(shares));
    case "entmax15":
      return entmax15(logarithm(shares));
    case "softmax":
      return attention;
    default: {
      const { topk } = projection satisfies { readonly topk: number };
      if (topk === 1) return withoutGradient(shares, oneBest); // exactly, the gradient 0 included
      return topk >= shares.shape[2]! ? attention : largestShares(shares, topk);
    }
  }
}

/** 1 at each row's maximum, 0 elsewhere. */
function oneBest(attention: tf.Tensor): tf.Tensor {
  // Not tf.oneHot, which refuses a single place.
  const best = tf.expandDims(tf.argMax(attention, 2), 2);
  const places = tf.range(0, attention.shape[2]!, 1, "int32");
  return tf.cast(tf.equal(places, best), "float32");
}

function logarithm(attention: tf.Tensor): tf.Tensor {
  return tf.log(tf.maximum(attention, FLOOR));
}
