/**
 * How a relation of one modality is brought to the other's axes, along a projection P. Second half
 * of the alignment family.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";

/**
 * `transport`: the other modality's own relation S, read through the map: P S P^T.
 * `roundtrip`: there and back again: P_there P_back, the other modality's own relation unused.
 */
export type Relation = "transport" | "roundtrip";

/** P S P^T: with a one-hot P, entry (i, j) is S at (a(i), a(j)). */
export function transport<From extends string, To extends string>(
  projection: Axes<`pair ${From} ${To}`>,
  relation: Axes<`pair ${To} ${To}`>,
): Axes<`pair ${From} ${From}`> {
  const rows = tf.matMul(projection, relation);
  return tf.matMul(rows, projection, false, true);
}

/** P_there P_back. */
export function roundtrip<From extends string, To extends string>(
  there: Axes<`pair ${From} ${To}`>,
  back: Axes<`pair ${To} ${From}`>,
): Axes<`pair ${From} ${From}`> {
  return tf.matMul(there, back);
}
