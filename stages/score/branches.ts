/**
 * Scores by the two branches (`model/branches.ts`): the cosine of every text of a split with every
 * picture, one product of matrices; and its sum with the scores of the cross-encoder:
 *
 *     sum(text, image) = (cross(text, image) - mean) / deviation + weight cosine(text, image)
 *
 * Mean and standard deviation are over all pairs of the split. They depend on the scores alone, never
 * on which pairs belong together, and make the weight independent of how far the ranking head has
 * stretched its scores.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { PictureVectors } from "../data/picture_vectors.ts";
import { branchWeights, pictureVectors, sentenceVectors } from "../model/branches.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Weights } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { type SentenceOptions, sentencesOnDevice } from "./sentence_embeddings.ts";

export interface BranchScoring extends SentenceOptions {
  readonly index: SplitIndex;
  readonly pictures: PictureVectors;
  /** On the device: the text layers and the branches' maps. */
  readonly weights: Weights;
}

/** @returns cosines, float32 [text, image] */
export async function branchCosines(
  compute: Compute,
  config: Configuration,
  { index, pictures, weights: all, ...options }: BranchScoring,
): Promise<Float32Array> {
  const weights = branchWeights(all);
  const texts = await sentencesOnDevice(compute, { config, weights }, index, options);
  const images = index.images.map((image) => pictures(image));
  const cosines = tf.tidy(() =>
    tf.matMul(
      sentenceVectors(weights, matrixOf(texts)),
      pictureVectors(weights, matrixOf(images)),
      false,
      true,
    )
  );
  try {
    return await cosines.data() as Float32Array;
  } finally {
    cosines.dispose();
  }
}

/** Rows of equal length as a matrix. */
export function matrixOf(rows: readonly Float32Array[]): tf.Tensor2D {
  const width = rows[0]!.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, place) => values.set(row, place * width));
  return tf.tensor2d(values, [rows.length, width]);
}

export interface ScoreScale {
  readonly mean: number;
  /** 1 if all scores are equal, so that they become 0. */
  readonly deviation: number;
}

/** Leaves cross scores as they are. */
export const rawScale: ScoreScale = { mean: 0, deviation: 1 };

/** Mean and standard deviation of the scores. */
export function scaleOf(scores: Float32Array): ScoreScale {
  let sum = 0;
  for (const score of scores) sum += score;
  const mean = sum / scores.length;
  let squares = 0;
  for (const score of scores) squares += (score - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / scores.length) || 1 };
}

/** @param cosines of the same pairs */
export function summedScores(
  cross: Float32Array,
  cosines: Float32Array,
  { scale: { mean, deviation }, weight }: { readonly scale: ScoreScale; readonly weight: number },
): Float32Array {
  return cross.map((score, pair) => (score - mean) / deviation + weight * cosines[pair]!);
}
