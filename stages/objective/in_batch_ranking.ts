/**
 * In-batch ranking: texts and pictures of a batch compete for each other by the scores of all pairs.
 *
 *     loss = (cross entropy over the pictures of each text + over the texts of each picture) / 2
 *
 * A wrong pair whose text belongs to the picture all the same (two captions of one picture in a
 * batch) is left out of the sums. InfoNCE as in CLIP (arXiv 2103.00020).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";

/**
 * @param scores logits; those of row i and column i belong together
 * @param shown int32: which picture a row shows
 * @returns nats
 */
export function inBatchRankingLoss(
  scores: Axes<"text image">,
  shown: Axes<"pair">,
): tf.Scalar {
  const ids = tf.cast(shown, "float32");
  const same = tf.cast(tf.equal(tf.expandDims(ids, 1), tf.expandDims(ids, 0)), "float32");
  const left = tf.mul(tf.sub(same, tf.eye(ids.size)), -1e4);
  const competing = tf.add(scores, left);
  return tf.div(tf.add(ownEntropy(competing), ownEntropy(tf.transpose(competing))), 2);
}

/** Mean cross entropy of the diagonal over rows. */
function ownEntropy(scores: tf.Tensor): tf.Scalar {
  const size = scores.shape[0]!;
  return tf.neg(tf.div(tf.sum(tf.mul(tf.logSoftmax(scores), tf.eye(size))), size)) as tf.Scalar;
}
