import * as tf from "@tensorflow/tfjs-core";
import { crossEntropy, imageTextMatchingLoss } from "../../../stages/objective/cross_entropy.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const logits = [[1, 2], [0, 0], [5, -5], [-1, 1]];
const labels = [0, 1, 0, 1];
const losses = logits.map(([no, yes], at) =>
  Math.log(Math.exp(no!) + Math.exp(yes!)) - (labels[at] === 1 ? yes! : no!)
);

tensorTest("crossEntropy() is -log softmax at each row's label", () => {
  assertClose(crossEntropy(tf.tensor2d(logits), tf.tensor1d(labels, "int32")), losses, 1e-6);
});

tensorTest("imageTextMatchingLoss() is the mean cross entropy over pairs", () => {
  const mean = losses.reduce((sum, loss) => sum + loss) / losses.length;
  const loss = imageTextMatchingLoss(tf.tensor2d(logits), tf.tensor1d(labels, "int32"));
  assertClose(loss, [mean], 1e-6);
});
