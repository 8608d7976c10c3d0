import * as tf from "@tensorflow/tfjs-core";
import { imageTextMatchingLoss } from "../../../stages/objective/image_text_matching.ts";
import { maskedWordLoss } from "../../../stages/objective/masked_words.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const logits = [[1, 2, 3], [0, 0, 0], [5, -5, 0], [-1, 1, 0]];
const labels = [2, 1, 1, 0];
const losses = logits.map((row, at) => {
  const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return Math.log(total) - row[labels[at]!]!;
});

tensorTest("maskedWordLoss() is the mean cross entropy over masked words alone", () => {
  const loss = maskedWordLoss(tf.tensor2d(logits), {
    labels: tf.tensor1d(labels, "int32"),
    masked: tf.tensor1d([1, 0, 1, 0]),
  });
  assertClose(loss, [(losses[0]! + losses[2]!) / 2], 1e-6);
});

tensorTest("maskedWordLoss() of nothing masked is 0, with gradient 0", () => {
  const { value, grad } = tf.valueAndGrad((given: tf.Tensor) =>
    maskedWordLoss(given, { labels: tf.tensor1d(labels, "int32"), masked: tf.zeros([4]) })
  )(tf.tensor2d(logits));
  assertClose(value, [0], 0);
  assertClose(grad, new Float32Array(12), 0);
});

tensorTest("maskedWordLoss() has the gradient softmax minus label, over masked words", () => {
  const masked = tf.tensor1d([1, 0, 1, 1]);
  const wanted = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), 3), "float32");
  const expected = tf.mul(
    tf.sub(tf.softmax(tf.tensor2d(logits)), wanted),
    tf.reshape(tf.div(masked, 3), [4, 1]),
  );
  const gradient = tf.grad((given: tf.Tensor) =>
    maskedWordLoss(given, { labels: tf.tensor1d(labels, "int32"), masked })
  )(tf.tensor2d(logits));
  assertClose(gradient, expected, 1e-6);
});

tensorTest("imageTextMatchingLoss() is the mean cross entropy over pairs", () => {
  const pairs = logits.map((row) => row.slice(0, 2));
  const expected = pairs.map(([no, yes], at) =>
    Math.log(Math.exp(no!) + Math.exp(yes!)) - (at % 2 === 1 ? yes! : no!)
  );
  const mean = expected.reduce((sum, loss) => sum + loss) / expected.length;
  const loss = imageTextMatchingLoss(tf.tensor2d(pairs), tf.tensor1d([0, 1, 0, 1], "int32"));
  assertClose(loss, [mean], 1e-6);
});
