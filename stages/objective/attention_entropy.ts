/**
 * How much attention says: the entropy of its rows, relative to that of uniform attention,
 *
 *     mean over rows of H(row) / log n,  H(p) = -Σ_j p_j log p_j with 0 log 0 = 0,
 *
 * where n is the number of unpadded columns. 0: every row attends to one position. 1: every row is
 * uniform, so that the attention says nothing about its positions and agrees with any other uniform one.
 * With a single column the only possible row is uniform: 1.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/** Below any attention weight that is not 0; 0 log FLOOR is 0. */
const FLOOR = 1e-30;

/**
 * The entropy of each pair's attention, 0 .. 1. A pair without rows has 1.
 * @param attention unpadded rows sum to 1, padded columns are 0
 */
export function attentionEntropies<From extends string, To extends string>(
  attention: Axes<`pair ${From} ${To}`>,
  { rows, columns }: {
    /** 1 for unpadded positions, 0 for padding. */
    readonly rows: Axes<`pair ${From}`>;
    readonly columns: Axes<`pair ${To}`>;
  },
): Axes<"pair"> {
  const shares = named("pair from to", attention);
  const each = tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, FLOOR))), 2)); // [pair, from]
  const rowCounts = tf.sum(rows, 1);
  const columnCounts = tf.sum(columns, 1);
  const mean = tf.div(tf.sum(tf.mul(each, rows), 1), tf.maximum(rowCounts, 1));
  const relative = tf.div(mean, tf.log(tf.maximum(columnCounts, 2)));
  const speaks = tf.cast(
    tf.logicalAnd(tf.greater(rowCounts, 0), tf.greater(columnCounts, 1)),
    "float32",
  );
  return tf.add(tf.mul(relative, speaks), tf.sub(1, speaks));
}
