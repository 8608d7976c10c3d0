/**
 * Word-region contrast: captions and images of a batch find each other by their embeddings alone,
 * before any layer of the encoder. Each word looks for its nearest region:
 *
 *     s(text, image) = mean over words of max over regions of cos(word, region) / temperature
 *     loss           = (cross entropy over the images of each text + over the texts of each image) / 2
 *
 * Two captions of one image in a batch count as each other's negatives; large batches hold few.
 *
 * It brings words and regions into one space, without which matching does not leave chance when the
 * image embeddings start fresh. Late interaction as in FILIP (arXiv 2111.07783); InfoNCE as in CLIP.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";

export interface ContrastBatch {
  readonly words: Axes<"pair word hidden">;
  /** 1 for what stands in the text, [CLS] and [SEP] included; 0 for padding. */
  readonly wordMask: Axes<"pair word">;
  readonly regions: Axes<"pair region hidden">;
  readonly regionMask: Axes<"pair region">;
}

export function wordRegionContrast(
  { words, wordMask, regions, regionMask }: ContrastBatch,
  { temperature }: { readonly temperature: number },
): tf.Scalar {
  const [pairs = 0, places = 0, width = 0] = words.shape;
  const [, spots = 0] = regions.shape;
  const w = tf.reshape(unit(words), [pairs * places, width]);
  const r = tf.reshape(unit(regions), [pairs * spots, width]);
  // [text * word, image * region] -> [text * word, image, region]
  const cosines = tf.reshape(tf.matMul(w, r, false, true), [pairs * places, pairs, spots]);
  const absent = tf.expandDims(tf.mul(tf.sub(regionMask, 1), 10), 0);
  const nearest = tf.reshape(tf.max(tf.add(cosines, absent), 2), [pairs, places, pairs]);
  const present = tf.expandDims(wordMask, 2);
  const counts = tf.maximum(tf.sum(present, 1), 1); // [text, 1]
  const scores = tf.div(tf.sum(tf.mul(nearest, present), 1), tf.mul(counts, temperature));
  return tf.div(tf.add(ownEntropy(scores), ownEntropy(tf.transpose(scores))), 2) as tf.Scalar;
}

/** Mean cross entropy of the diagonal over rows. */
function ownEntropy(scores: tf.Tensor): tf.Scalar {
  const size = scores.shape[0]!;
  const own = tf.eye(size);
  return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(scores), own)), size)) as tf.Scalar;
}

function unit(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12)));
}
