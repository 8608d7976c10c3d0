/** What a batch of match logits says, as constants: for the log and the watch over collapse. */
import * as tf from "@tensorflow/tfjs-core";

/** Share of pairs judged rightly. @param logits [pair, 2] @param matched int32 [pair] */
export function rightlyJudged(logits: tf.Tensor, matched: tf.Tensor): tf.Scalar {
  const judged = tf.equal(argMaxOutsideTape(logits), matched);
  return tf.mean(tf.cast(judged, "float32")) as tf.Scalar;
}

/** The probability of "belongs together", [pair]. */
export function matchProbabilities(logits: tf.Tensor): tf.Tensor {
  const [pairs = 0] = logits.shape;
  const softmax = tf.customGrad((x) => ({
    value: tf.reshape(tf.slice(tf.softmax(x as tf.Tensor), [0, 1], [pairs, 1]), [pairs]),
    gradFunc: () => tf.zeros([pairs, 2]),
  }));
  return softmax(logits);
}

/** The likelier class of each row. */
function argMaxOutsideTape(logits: tf.Tensor): tf.Tensor {
  const pick = tf.customGrad((x) => ({
    value: tf.cast(tf.argMax(x as tf.Tensor, -1), "float32"),
    gradFunc: () => tf.zeros(logits.shape),
  }));
  return tf.cast(pick(logits), "int32");
}
