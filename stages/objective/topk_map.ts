/** The k largest shares of a row, renormalised to sum to 1. */
import * as tf from "@tensorflow/tfjs-core";
import { withoutGradient } from "../model/custom_gradient.ts";

/** A row of padding may be all 0, and is no NaN then. */
const LEAST_SUM = 1e-30;

/**
 * @param shares not negative, a row along the last axis. Of equal ones the first are kept.
 * @param k at most as many as a row has places. Fewer shares above 0 than k: those are all that is
 *   kept, so padding that holds 0 stays 0.
 */
export function largestShares(shares: tf.Tensor, k: number): tf.Tensor {
  const kept = tf.mul(shares, withoutGradient(shares, (x) => largestPlaces(x, k)));
  return tf.div(kept, tf.maximum(tf.sum(kept, -1, true), LEAST_SUM));
}

/** 1 at the k largest, 0 elsewhere; by values alone, since backends order equal ones differently. */
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
