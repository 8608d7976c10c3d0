/**
 * Margin loss of ranking: a positive pair should score higher than each negative by a margin.
 *
 *     loss_j = max(0, margin + sigmoid(s_j) - sigmoid(s_0)),  candidate 0 being the positive
 *
 * Source: UNITER's fine-tuning for retrieval; the release's model/itm.py.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../model/axes.ts";

/** @param scores raw, the positive first @returns one loss per negative */
export function rankingLosses(
  scores: Axes<"anchor candidate">,
  { margin }: { readonly margin: number },
): Axes<"anchor negative"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", scores).shape;
  const squashed = tf.sigmoid(scores);
  const positive = tf.slice(squashed, [0, 0], [anchors, 1]);
  const negatives = tf.slice(squashed, [0, 1], [anchors, candidates - 1]);
  return tf.relu(tf.add(tf.sub(negatives, positive), margin));
}
