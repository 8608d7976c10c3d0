import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { wordRegionContrast } from "../../../stages/objective/contrast.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const unit = (angle: number) => [Math.cos(angle), Math.sin(angle)];

tensorTest("wordRegionContrast() is the mean cross entropy of late-interaction scores", () => {
  // Two pairs in a plane. Text 0 has two words, text 1 one and a padding; the same for regions.
  const words = [[unit(0), unit(1)], [unit(2), [9, 9]]];
  const regions = [[unit(0.1), unit(1.4)], [unit(2.3), [7, -7]]];
  const near = (word: number, spots: number[]) =>
    Math.max(...spots.map((spot) => Math.cos(word - spot)));
  const scores = [
    [(near(0, [0.1, 1.4]) + near(1, [0.1, 1.4])) / 2, (near(0, [2.3]) + near(1, [2.3])) / 2],
    [near(2, [0.1, 1.4]), near(2, [2.3])],
  ].map((row) => row.map((score) => score / 0.5));
  const entropy = (own: number, other: number) => Math.log(1 + Math.exp(other - own));
  const expected =
    (entropy(scores[0]![0]!, scores[0]![1]!) + entropy(scores[1]![1]!, scores[1]![0]!) +
      entropy(scores[0]![0]!, scores[1]![0]!) + entropy(scores[1]![1]!, scores[0]![1]!)) / 4;
  const loss = wordRegionContrast({
    words: tf.mul(tf.tensor3d(words), 3), // lengths do not matter
    wordMask: tf.tensor2d([[1, 1], [1, 0]]),
    regions: tf.tensor3d(regions),
    regionMask: tf.tensor2d([[1, 1], [1, 0]]),
  }, { temperature: 0.5 });
  assertClose(loss, [expected], 1e-5);
});

tensorTest("wordRegionContrast() falls along its gradient", () => {
  const wordMask = tf.ones([3, 2]);
  const regionMask = tf.ones([3, 5]);
  const regions = tf.randomNormal([3, 5, 7], 0, 1, "float32", 1);
  const loss = (words: tf.Tensor) =>
    wordRegionContrast({ words, wordMask, regions, regionMask }, { temperature: 0.2 });
  const words = tf.randomNormal([3, 2, 7], 0, 1, "float32", 2);
  const { value, grad } = tf.valueAndGrad(loss)(words);
  const after = loss(tf.sub(words, tf.mul(grad, 0.05)));
  assert.ok(after.dataSync()[0]! < value.dataSync()[0]!);
});
