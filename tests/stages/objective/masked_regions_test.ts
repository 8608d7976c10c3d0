import * as tf from "@tensorflow/tfjs-core";
import { maskedClassLoss, maskedFeatureLoss } from "../../../stages/objective/masked_regions.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

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
