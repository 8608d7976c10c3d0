/**
 * Hard negatives: for each problem, the positive and the negatives with the highest scores. Everything
 * stays on the device. Call it outside of the function that is differentiated: a choice has no
 * gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../../model/axes.ts";
import type { RankingBatch, ScoredBatch } from "./ranking_batch.ts";

/** The batch reduced to the positive and the hardest negatives of each problem. */
export function chooseHard(batch: RankingBatch, mined: ScoredBatch, count: number): RankingBatch {
  const [imageAnchored, textAnchored] = tf.split(
    hardCandidates(mined.scores, count),
    2,
  );
  return {
    imageAnchors: batch.imageAnchors,
    textCandidates: takeCandidates(batch.textCandidates, imageAnchored!),
    textAnchors: batch.textAnchors,
    imageCandidates: takeCandidates(batch.imageCandidates, textAnchored!),
  };
}

/**
 * The candidates to train on.
 * @param scores raw scores from a pass without gradient and dropout; candidate 0 is the positive
 * @param count number of negatives to keep
 * @returns int32 indices of candidates: 0, then the hardest negatives, hardest first
 */
export function hardCandidates(
  scores: Axes<"anchor candidate">,
  count: number,
): Axes<"anchor candidate"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", scores).shape;
  if (count > candidates - 1) {
    throw new Error(`internal: ${count} hard negatives requested of ${candidates - 1}`);
  }
  const negatives = tf.slice(scores, [0, 1], [anchors, candidates - 1]);
  const hardest = tf.add(tf.topk(negatives, count).indices, tf.scalar(1, "int32"));
  return tf.concat<tf.Tensor>([tf.zeros([anchors, 1], "int32"), hardest], 1);
}

/** Rows of the chosen candidates: [anchor, candidate, ...] by [anchor, chosen] -> [anchor, chosen, ...]. */
export function takeCandidates(values: tf.Tensor, chosen: Axes<"anchor candidate">): tf.Tensor {
  return tf.gather(values, chosen, 1, 1);
}
