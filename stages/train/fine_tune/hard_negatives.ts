/**
 * Hard negatives: for each problem, the positive and the negatives with the highest scores. Everything
 * stays on the device. Call it outside of the function that is differentiated: a choice has no
 * gradient.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "../../model/axes.ts";
import type { RankingBatch, ScoredBatch } from "./ranking_batch.ts";

/** Which negatives are kept. */
export interface HardChoice {
  /** Number of negatives to keep. */
  readonly count: number;
  /** Whether the first negative (candidate 1) is kept whatever its score; the others are the hardest. */
  readonly keepFirst?: boolean;
}

/** The batch reduced to the positive and the hardest negatives of each problem. */
export function chooseHard(
  batch: RankingBatch,
  mined: ScoredBatch,
  choice: HardChoice,
): RankingBatch {
  const [imageAnchored, textAnchored] = tf.split(hardCandidates(mined.scores, choice), 2);
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
 * @returns int32 indices of candidates: 0, 1 if it is kept, then the hardest of the other negatives,
 * hardest first
 */
export function hardCandidates(
  scores: Axes<"anchor candidate">,
  { count, keepFirst = false }: HardChoice,
): Axes<"anchor candidate"> {
  const [anchors = 0, candidates = 0] = named("anchor candidate", scores).shape;
  if (count > candidates - 1) {
    throw new Error(`internal: ${count} hard negatives requested of ${candidates - 1}`);
  }
  const always = keepFirst ? 2 : 1;
  const kept = tf.tile(tf.expandDims(tf.range(0, always, 1, "int32"), 0), [anchors, 1]);
  const mined = count + 1 - always;
  if (mined === 0) return kept;
  const others = tf.slice(scores, [0, always], [anchors, candidates - always]);
  const hardest = tf.add(tf.topk(others, mined).indices, tf.scalar(always, "int32"));
  return tf.concat<tf.Tensor>([kept, hardest], 1);
}

/** Rows of the chosen candidates: [anchor, candidate, ...] by [anchor, chosen] -> [anchor, chosen, ...]. */
export function takeCandidates(values: tf.Tensor, chosen: Axes<"anchor candidate">): tf.Tensor {
  return tf.gather(values, chosen, 1, 1);
}
