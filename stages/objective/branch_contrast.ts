/**
 * Contrast of two branches: texts and pictures of a batch find each other by one vector each.
 *
 *     s(text, picture) = cos(text, picture) / temperature
 *     loss = (cross entropy over the pictures of each text + over the texts of each picture) / 2
 *
 * A wrong pair whose text belongs to the picture all the same (two captions of one picture in a
 * batch) is left out of the sums. InfoNCE as in CLIP (arXiv 2103.00020).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";

export interface BranchBatch {
  /** Of length 1, row by row; row i of both belongs together. */
  readonly texts: Axes<"text common">;
  readonly pictures: Axes<"image common">;
  /** int32: which picture a row shows. */
  readonly shown: Axes<"pair">;
}

/** @returns the loss in nats, and the cosines [text, image] */
export function branchContrast(
  { texts, pictures, shown }: BranchBatch,
  { temperature }: { readonly temperature: number },
): { readonly loss: tf.Scalar; readonly cosines: Axes<"text image"> } {
  const cosines = tf.matMul(texts as tf.Tensor, pictures as tf.Tensor, false, true);
  const size = cosines.shape[0]!;
  const ids = tf.cast(shown as tf.Tensor, "float32");
  const same = tf.cast(tf.equal(tf.expandDims(ids, 1), tf.expandDims(ids, 0)), "float32");
  const left = tf.mul(tf.sub(same, tf.eye(size)), -1e4);
  const scores = tf.add(tf.div(cosines, temperature), left);
  const loss = tf.div(tf.add(ownEntropy(scores), ownEntropy(tf.transpose(scores))), 2);
  return { loss: loss as tf.Scalar, cosines };
}

/** Mean cross entropy of the diagonal over rows. */
function ownEntropy(scores: tf.Tensor): tf.Scalar {
  const size = scores.shape[0]!;
  return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(scores), tf.eye(size))), size)) as tf.Scalar;
}
