import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  branchContrast,
  familyRankingLoss,
  inBatchRankingLoss,
  sameImage,
  wordRegionContrast,
} from "../../../stages/objective/contrast.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const unit = (angle: number) => [Math.cos(angle), Math.sin(angle)];
const entropy = (own: number, others: number[]) =>
  Math.log(1 + others.reduce((sum, other) => sum + Math.exp(other - own), 0));

tensorTest(
  "inBatchRankingLoss() is the mean cross entropy both ways; captions of one image do not compete",
  () => {
    const s = [[0.5, -1.2, 2], [0.1, 0.3, -0.7], [1.1, 0.4, -0.2]];
    // Rows 0 and 2 show the same image.
    const expected = [
      entropy(0.5, [-1.2]) + entropy(0.5, [0.1]),
      entropy(0.3, [0.1, -0.7]) + entropy(0.3, [-1.2, 0.4]),
      entropy(-0.2, [0.4]) + entropy(-0.2, [-0.7]),
    ].reduce((sum, one) => sum + one) / 6;
    const right = sameImage(tf.tensor1d([7, 4, 7], "int32"));
    assertClose(inBatchRankingLoss(tf.tensor2d(s), right), [expected], 1e-5);
    // Two grids that do not compete with each other: the mean of both.
    const other = [[1, 2, 0], [0, 1, 3], [2, 0, 1]];
    const alone = inBatchRankingLoss(tf.tensor2d(other), tf.eye(3));
    const both = inBatchRankingLoss(tf.tensor3d([s, other]), tf.stack([right, tf.eye(3)]));
    assertClose(both, [(expected + alone.dataSync()[0]!) / 2], 1e-5);
  },
);

tensorTest(
  "familyRankingLoss() is the mean of the loss of the grid and that within families",
  () => {
    const s = [[0.5, -1.2, 2, 0.3], [0.1, 0.3, -0.7, 1], [1.1, 0.4, -0.2, 0], [0.2, 1.3, 0.6, 0.9]];
    // Images 0 and 1 are one family, 2 and 3 another.
    const related = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]];
    const all = inBatchRankingLoss(tf.tensor2d(s), tf.eye(4)).dataSync()[0]!;
    const within = [
      entropy(0.5, [-1.2]) + entropy(0.5, [0.1]),
      entropy(0.3, [0.1]) + entropy(0.3, [-1.2]),
      entropy(-0.2, [0]) + entropy(-0.2, [0.6]),
      entropy(0.9, [0.6]) + entropy(0.9, [0]),
    ].reduce((sum, one) => sum + one) / 8;
    const grid = (x: number[][]) => tf.tensor3d([x]);
    const loss = familyRankingLoss(grid(s), tf.expandDims(tf.eye(4)), grid(related));
    assertClose(loss, [(all + within) / 2], 1e-5);
  },
);

tensorTest(
  "branchContrast() is the mean cross entropy both ways; captions of one image do not compete",
  () => {
    const [texts, pictures] = [[0.2, 1.5, 2.8], [0, 1, 0]];
    const s = texts.map((text) => pictures.map((picture) => Math.cos(text - picture) / 0.25));
    // Rows 0 and 2 show the same image.
    const expected = [
      entropy(s[0]![0]!, [s[0]![1]!]) + entropy(s[0]![0]!, [s[1]![0]!]),
      entropy(s[1]![1]!, [s[1]![0]!, s[1]![2]!]) + entropy(s[1]![1]!, [s[0]![1]!, s[2]![1]!]),
      entropy(s[2]![2]!, [s[2]![1]!]) + entropy(s[2]![2]!, [s[1]![2]!]),
    ].reduce((sum, one) => sum + one) / 6;
    const { loss, cosines } = branchContrast({
      texts: tf.tensor2d(texts.map(unit)),
      pictures: tf.tensor2d(pictures.map(unit)),
      shown: tf.tensor1d([7, 4, 7], "int32"),
    }, { temperature: 0.25 });
    assertClose(loss, [expected], 1e-5);
    assertClose(cosines, s.flat().map((score) => score * 0.25), 1e-6);
  },
);

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
  const expected =
    (entropy(scores[0]![0]!, [scores[0]![1]!]) + entropy(scores[1]![1]!, [scores[1]![0]!]) +
      entropy(scores[0]![0]!, [scores[1]![0]!]) + entropy(scores[1]![1]!, [scores[0]![1]!])) / 4;
  const loss = wordRegionContrast({
    words: tf.mul(tf.tensor3d(words), 3), // lengths do not matter
    wordMask: tf.tensor2d([[1, 1], [1, 0]]),
    regions: tf.tensor3d(regions),
    regionMask: tf.tensor2d([[1, 1], [1, 0]]),
  }, { temperature: 0.5 });
  assertClose(loss, [expected], 1e-5);
});

tensorTest("wordRegionContrast() decreases along its gradient", () => {
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
