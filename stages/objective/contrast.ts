/**
 * Contrast within a batch: texts and images compete for each other by the scores s of all their pairs,
 * of which those on the diagonal belong together. InfoNCE as in CLIP (arXiv 2103.00020):
 *
 *     loss = (cross entropy over the images of each text + over the texts of each image) / 2
 *
 * There are three kinds of scores: any (`inBatchRankingLoss`), cosines of one vector per text and per
 * image (`branchContrast`), and late interaction of words and regions (`wordRegionContrast`).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { unitVectors } from "../model/unit_vectors.ts";
import type { WordsAndRegions } from "./optimal_transport.ts";

/**
 * The loss of given scores, in one grid or the mean over several. A pair off the diagonal that belongs
 * together all the same (two captions of one image in a batch) is left out of the sums.
 * @param scores logits [text, image] or [grid, text, image]; those of row i and column i belong together
 * @param right 1 for pairs that belong together, the diagonal included, else 0
 * @returns nats
 */
export function inBatchRankingLoss(
  scores: Axes<"text image"> | Axes<"grid text image">,
  right: Axes<"text image"> | Axes<"grid text image">,
): tf.Scalar {
  const left = tf.mul(tf.sub(right, tf.eye(scores.shape.at(-1)!)), -1e4);
  return entropyBothWays(tf.add(scores, left));
}

/**
 * The mean of two losses: within the whole grid, and within each family alone. In the first, other
 * families outnumber the own one, and what tells arrangements of the same objects apart is learned late.
 * @param related 1 for pairs whose images are of one family, else 0
 * @returns nats
 */
export function familyRankingLoss(
  scores: Axes<"grid text image">,
  right: Axes<"grid text image">,
  related: Axes<"grid text image">,
): tf.Scalar {
  const within = tf.add(scores, tf.mul(tf.sub(related, 1), 1e4));
  return tf.div(tf.add(inBatchRankingLoss(scores, right), inBatchRankingLoss(within, right)), 2);
}

/** 1 where two rows show the same image. @param shown int32: which image a row shows */
export function sameImage(shown: Axes<"pair">): Axes<"text image"> {
  const ids = tf.cast(shown, "float32");
  return tf.cast(tf.equal(tf.expandDims(ids, 1), tf.expandDims(ids, 0)), "float32");
}

export interface BranchBatch {
  /** Of length 1, row by row; row i of both belongs together. */
  readonly texts: Axes<"text common">;
  readonly pictures: Axes<"image common">;
  /** int32: which image a row shows. */
  readonly shown: Axes<"pair">;
}

/**
 * Contrast of the two branches: s(text, image) = cos(text, image) / temperature.
 * @returns the loss in nats, and the cosines
 */
export function branchContrast(
  { texts, pictures, shown }: BranchBatch,
  { temperature }: { readonly temperature: number },
): { readonly loss: tf.Scalar; readonly cosines: Axes<"text image"> } {
  const cosines: Axes<"text image"> = tf.matMul(texts, pictures, false, true);
  return { loss: inBatchRankingLoss(tf.div(cosines, temperature), sameImage(shown)), cosines };
}

/**
 * Contrast of embeddings before any layer of the encoder. Each word looks for its nearest region, as
 * in FILIP (arXiv 2111.07783):
 *
 *     s(text, image) = mean over words of max over regions of cos(word, region) / temperature
 *
 * It brings words and regions into one space. Without that, matching does not get better than chance
 * when the image embeddings start from random weights. Two captions of one image in a batch count as
 * each other's negatives; large batches hold few.
 * @returns nats
 */
export function wordRegionContrast(
  { words, wordMask, regions, regionMask }: WordsAndRegions,
  { temperature }: { readonly temperature: number },
): tf.Scalar {
  const [pairs = 0, wordCount = 0, width = 0] = words.shape;
  const [, regionCount = 0] = regions.shape;
  const w = tf.reshape(unitVectors(words), [pairs * wordCount, width]);
  const r = tf.reshape(unitVectors(regions), [pairs * regionCount, width]);
  // [text * word, image * region] -> [text * word, image, region]
  const cosines = tf.reshape(tf.matMul(w, r, false, true), [pairs * wordCount, pairs, regionCount]);
  const absent = tf.expandDims(tf.mul(tf.sub(regionMask, 1), 10), 0);
  const nearest = tf.reshape(tf.max(tf.add(cosines, absent), 2), [pairs, wordCount, pairs]);
  const present = tf.expandDims(wordMask, 2);
  const counts = tf.maximum(tf.sum(present, 1), 1); // [text, 1]
  const scores = tf.div(tf.sum(tf.mul(nearest, present), 1), tf.mul(counts, temperature));
  return entropyBothWays(scores);
}

/** The mean over rows and over columns of the cross entropy of the diagonal. */
function entropyBothWays(scores: tf.Tensor): tf.Scalar {
  const grids = scores.rank === 2 ? tf.expandDims(scores, 0) : scores;
  return tf.div(tf.add(diagonalEntropy(grids), diagonalEntropy(tf.transpose(grids, [0, 2, 1]))), 2);
}

/** Mean over the rows of all grids of -log softmax(row)[diagonal]. */
function diagonalEntropy(scores: tf.Tensor): tf.Scalar {
  const [grids = 0, side = 0] = scores.shape;
  const diagonal = tf.mul(tf.logSoftmax(scores), tf.eye(side));
  return tf.neg(tf.div(tf.sum(diagonal), grids * side)) as tf.Scalar;
}
