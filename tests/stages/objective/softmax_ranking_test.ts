import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { softmaxRankingLosses } from "../../../stages/objective/softmax_ranking.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

tensorTest("the loss of a problem is minus the log-probability of its positive", () => {
  const scores = [[1, 0.5, -2], [0, 0, 0]];
  const expected = scores.map((row) =>
    Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0)) - row[0]!
  );
  assertClose(softmaxRankingLosses(tf.tensor2d(scores)), expected, 1e-6);
});

tensorTest(
  "scores that all rise alike change nothing; the loss vanishes far above the negatives",
  () => {
    const losses = softmaxRankingLosses(tf.tensor2d([[3, 1, 2], [103, 101, 102], [60, 0, 0]]));
    const [first, second, third] = losses.dataSync() as unknown as [number, number, number];
    assert.ok(Math.abs(first - second) < 1e-5);
    assert.ok(third < 1e-6);
  },
);

tensorTest("gradients raise the positive, and lower each negative by its probability", () => {
  const scores = [0, 0.1, -5];
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(softmaxRankingLosses(x)))(
    tf.tensor2d([scores]),
  );
  const sum = scores.reduce((total, score) => total + Math.exp(score), 0);
  const probabilities = scores.map((score) => Math.exp(score) / sum);
  assertClose(gradient, [probabilities[0]! - 1, probabilities[1]!, probabilities[2]!], 1e-6);
});
