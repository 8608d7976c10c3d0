import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  transportDistances,
  transportLoss,
  transportPlan,
} from "../../../stages/objective/optimal_transport.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

/** The same numbers as in the oracle: sin(scale n^1.5), n from 1. */
const waves = (shape: [number, number, number], scale: number) =>
  tf.tensor3d(
    Array.from(
      { length: shape[0] * shape[1] * shape[2] },
      (_, i) => Math.sin(scale * (i + 1) ** 1.5),
    ),
    shape,
  );
const pairs = () => ({
  words: waves([2, 4, 5], 0.7),
  wordMask: tf.tensor2d([[1, 1, 1, 1], [1, 1, 1, 0]]),
  regions: waves([2, 3, 5], 1.3),
  regionMask: tf.tensor2d([[1, 1, 0], [1, 1, 1]]),
});

// The release's ot.py, transcribed to NumPy in float64, on these pairs.
const oracle = [
  { iterations: 1, beta: 0.5, distances: [0.8444564745655562, 0.9785881730956685] },
  { iterations: 50, beta: 0.5, distances: [0.7006714861231963, 0.8416183773476266] },
  { iterations: 50, beta: 0.1, distances: [0.7006714861231962, 0.8416182160424922] },
];
for (const { distances, ...options } of oracle) {
  tensorTest(
    `transport after ${options.iterations} iterations, beta ${options.beta}, has the cost that NumPy gives`,
    () => {
      assertClose(transportDistances(pairs(), options), distances, 2e-6);
    },
  );
}

tensorTest("a plan after one iteration equals NumPy's, with 0 in padding", () => {
  const { words, regions, ...masks } = pairs();
  const unit = (x: tf.Tensor) => tf.div(x, tf.norm(x, "euclidean", -1, true));
  const costs = tf.sub(1, tf.matMul(unit(words), unit(regions), false, true));
  const plan = transportPlan(costs, masks, { iterations: 1, beta: 0.5 });
  assertClose(
    plan,
    // deno-fmt-ignore
    [
      0.1489921, 0.1010079, 0, 0.0424514, 0.2075486, 0, 0.1644167, 0.0855833, 0, 0.0616084,
      0.1883916, 0, 0.0505684, 0.2076709, 0.0750941, 0.0965682, 0.108, 0.1287651, 0.1521786,
      0.0615369, 0.1196178, 0, 0, 0,
    ],
    1e-6,
  );
});

tensorTest("a plan gives every word and every region equal weight", () => {
  const { words: _words, regions: _regions, ...masks } = pairs();
  const costs = tf.abs(waves([2, 4, 3], 0.3));
  const plan = transportPlan(costs, masks, { iterations: 500, beta: 0.5 });
  assertClose(tf.sum(plan, 2), [0.25, 0.25, 0.25, 0.25, 1 / 3, 1 / 3, 1 / 3, 0], 1e-4);
  assertClose(tf.sum(plan, 1), [0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3], 1e-4);
});

tensorTest(
  "values in padding do not matter, and transport between equal words and regions is free",
  () => {
    const { words, wordMask, regions, regionMask } = pairs();
    const options = { iterations: 50, beta: 0.5 };
    const filled = tf.add(words, tf.mul(tf.sub(1, tf.expandDims(wordMask, 2)), 7));
    assertClose(
      transportDistances({ words: filled, wordMask, regions, regionMask }, options),
      oracle[1]!.distances,
      2e-6,
    );
    const same = transportDistances({ words, wordMask, regions: words, regionMask: wordMask }, {
      iterations: 200,
      beta: 0.1,
    });
    assertClose(same, [0, 0], 1e-4);
  },
);

tensorTest("the gradient treats the plan T as constant: it is that of sum T C", () => {
  const { words, ...rest } = pairs();
  const options = { iterations: 50, beta: 0.5 };
  const value = (words: tf.Tensor) =>
    tf.sum(transportDistances({ words, ...rest }, options)) as tf.Scalar;
  const gradient = tf.grad(value)(words).dataSync();
  const step = 1e-2; // at an optimum, a change of the plan itself has no effect to first order
  for (const place of [0, 7, 23]) {
    const moved = (by: number) => {
      const values = Float32Array.from(words.dataSync());
      values[place]! += by;
      return value(tf.tensor(values, words.shape)).dataSync()[0]!;
    };
    const slope = (moved(step) - moved(-step)) / (2 * step);
    assert.ok(Math.abs(slope - gradient[place]!) < 2e-3, `${place}: ${slope}, ${gradient[place]}`);
  }
});

tensorTest(
  "transportLoss() adds matched pairs, subtracts the others, and divides by the number of pairs",
  () => {
    const loss = transportLoss(tf.tensor1d([3, 5, 11]), tf.tensor1d([1, 0, 1], "int32"));
    assertClose(loss, [(3 - 5 + 11) / 3], 1e-6);
  },
);
