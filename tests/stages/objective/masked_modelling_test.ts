import * as tf from "@tensorflow/tfjs-core";
import {
  maskedClassLoss,
  maskedFeatureLoss,
  maskedWordLoss,
} from "../../../stages/objective/masked_modelling.ts";
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

tensorTest("maskedWordLoss() is 0 with gradient 0 if nothing is masked", () => {
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

tensorTest("maskedFeatureLoss() is the squared error per number, over masked regions alone", () => {
  const predicted = tf.tensor2d([[1, 2, 3], [9, 9, 9], [0, 0, 0]]);
  const actual = tf.tensor2d([[1, 0, 6], [0, 0, 0], [3, 0, 0]]);
  const there = tf.tensor1d([1, 0, 1], "int32");
  assertClose(maskedFeatureLoss(predicted, { actual, there }), [((4 + 9) / 3 + 9 / 3) / 2], 1e-6);
  const none = tf.tensor1d([0, 0, 0], "int32");
  assertClose(maskedFeatureLoss(predicted, { actual, there: none }), [0], 0);
});

tensorTest("maskedClassLoss() is KL(actual || predicted), over masked regions alone", () => {
  const logits = tf.log(tf.tensor2d([[0.5, 0.25, 0.25], [1, 1, 8], [0.1, 0.2, 0.7]]));
  const actual = tf.tensor2d([[0.25, 0.75, 0], [1, 0, 0], [0, 1, 0]]);
  const there = tf.tensor1d([1, 0, 1], "int32");
  const soft = 0.25 * Math.log(0.25 / 0.5) + 0.75 * Math.log(0.75 / 0.25);
  const certain = -Math.log(0.2); // the cross entropy
  assertClose(maskedClassLoss(logits, { actual, there }), [(soft + certain) / 2], 1e-6);
});
