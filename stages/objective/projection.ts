/**
 * How attention from one modality to the other becomes a map P between their positions, words or
 * regions: a row-stochastic matrix. One half of a member of the alignment family (`alignment.ts`).
 *
 * Every projection reads the attention A as it is in the blocks (the mean over heads, or one head).
 * `sparsemax` and `entmax15` take log A, which equals the logits of A up to a constant in each row that
 * both ignore. For a single head these are the cross-attention logits themselves. A mean over heads has
 * no other logits, and the mean of each head's sparsemax would spread over the union of their supports.
 * P keeps only entries above 1/e (sparsemax) or 1/e^2 (entmax15) of their row's maximum.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";
import { withoutGradient } from "../model/custom_gradient.ts";
import { entmax15 } from "./entmax.ts";
import { sparsemax } from "./sparsemax.ts";

/**
 * `argmax`: 1 at each row's maximum (ties: the lowest index). `topk`: the k largest (ties likewise),
 * renormalised. `sparsemax`, `entmax15`: as many as stand out. `softmax`: the attention itself.
 */
export type Projection =
  | "argmax"
  | { readonly topk: number }
  | "sparsemax"
  | "entmax15"
  | "softmax";

/** Logarithms are of max(A, FLOOR); far below any entry that a sparse projection keeps. */
const FLOOR = 1e-30;

/**
 * The map of a projection.
 * @param attention row-stochastic; padded columns are 0, and 0 in the map too
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
      if (topk === 1) return withoutGradient(shares, oneBest); // as argmax, whose gradient is 0
      return topk >= shares.shape[2]! ? attention : largestShares(shares, topk);
    }
  }
}

/** 1 at each row's maximum, 0 elsewhere. */
function oneBest(attention: tf.Tensor): tf.Tensor {
  // Not tf.oneHot, which refuses a depth of 1.
  const best = tf.expandDims(tf.argMax(attention, 2), 2);
  const columns = tf.range(0, attention.shape[2]!, 1, "int32");
  return tf.cast(tf.equal(columns, best), "float32");
}

function logarithm(attention: tf.Tensor): tf.Tensor {
  return tf.log(tf.maximum(attention, FLOOR));
}

/** Below any sum of kept shares; keeps a row of padding, which is all 0, from becoming NaN. */
const LEAST_SUM = 1e-30;

/**
 * The k largest shares of each row, renormalised to sum to 1. Of equal ones the first are kept.
 * @param shares not negative, rows along the last axis
 * @param k at most the length of a row. If fewer than k shares are above 0, only those count: padding,
 *   which is 0, stays 0.
 */
function largestShares(shares: tf.Tensor, k: number): tf.Tensor {
  const kept = tf.mul(shares, withoutGradient(shares, (x) => largestPlaces(x, k)));
  return tf.div(kept, tf.maximum(tf.sum(kept, -1, true), LEAST_SUM));
}

/** 1 at the k largest, 0 elsewhere. By values alone, since backends order equal values differently. */
function largestPlaces(x: tf.Tensor, k: number): tf.Tensor {
  const last = x.rank - 1;
  const [start, size] = [x.shape.map(() => 0), x.shape.with(last, 1)];
  const least = tf.slice(tf.topk(x, k).values, start.with(last, k - 1), size);
  const above = tf.cast(tf.greater(x, least), "float32");
  const equal = tf.cast(tf.equal(x, least), "float32");
  const room = tf.sub(k, tf.sum(above, -1, true));
  const before = tf.cumsum(equal, last, true);
  return tf.add(above, tf.mul(equal, tf.cast(tf.less(before, room), "float32")));
}
