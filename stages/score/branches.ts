/** Every text of a split against every picture by the two branches: one product of matrices. */
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
      sentenceVectors(weights, matrixOf(texts)) as tf.Tensor,
      pictureVectors(weights, matrixOf(images)) as tf.Tensor,
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

/** Rows of one length as a matrix. */
export function matrixOf(rows: readonly Float32Array[]): tf.Tensor2D {
  const width = rows[0]!.length;
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, place) => values.set(row, place * width));
  return tf.tensor2d(values, [rows.length, width]);
}
