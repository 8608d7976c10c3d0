/**
 * Hard negatives: of many candidates, the positive and the negatives that score highest. All of it
 * stays on the device. Call it outside of what is differentiated: a choice has no gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../../model/axes.ts";

/**
 * Which candidates to train on.
 * @param scores raw scores from a pass without gradient and dropout; candidate 0 is the positive.
 * @param count how many negatives are kept.
 * @returns int32 candidate numbers: 0 first, then the hardest negatives from hard to less hard.
 */
export function hardCandidates(
  scores: Axes<"anchor candidate">,
  count: number,
): Axes<"anchor candidate"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", scores).shape;
  if (count > candidates - 1) {
    throw new Error(`internal: ${count} hard negatives wanted of ${candidates - 1}`);
  }
  const negatives = tf.slice(scores as tf.Tensor, [0, 1], [anchors, candidates - 1]);
  const hardest = tf.add(tf.topk(negatives, count).indices, tf.scalar(1, "int32"));
  return tf.concat<tf.Tensor>([tf.zeros([anchors, 1], "int32"), hardest], 1);
}

/** The chosen candidates' rows: [anchor, candidate, ...] by [anchor, chosen] -> [anchor, chosen, ...]. */
export function takeCandidates(values: tf.Tensor, chosen: Axes<"anchor candidate">): tf.Tensor {
  return tf.gather(values, chosen as tf.Tensor, 1, 1);
}
