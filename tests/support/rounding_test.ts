/** The bound of rounding errors: correct results in any order of summation pass, wrong ones fail. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import {
  batchOf,
  type LoosePair,
  loosePairs,
  smallConfiguration,
  smallWeights,
} from "./small_model.ts";
import { rankingParts, trainedNames } from "../../stages/model/parameters.ts";
import { pairScores } from "../../stages/model/uniter.ts";
import type { Weights } from "../../stages/model/weights.ts";
import { lossAndGradients } from "../../stages/train/gradients.ts";
import { assertRounded, exactResult, numbersOf } from "./rounding.ts";

const pairs: LoosePair[] = loosePairs(3, [{ words: 7, regions: 5 }, { words: 4, regions: 6 }]);

/** Scores and gradients of a model, by tfjs in float32. */
function step(weights: Weights) {
  const trained = Object.fromEntries(
    trainedNames(smallConfiguration, rankingParts).map((name) => [name, weights[name]!]),
  );
  const { loss, gradients } = lossAndGradients(trained, (weights) => {
    const scores = pairScores(weights, smallConfiguration, batchOf(weights, pairs));
    return [tf.sum(tf.square(scores as tf.Tensor)) as tf.Scalar];
  });
  return { loss, gradients };
}
const weights = () => smallWeights(5);
const exact = await exactResult(weights, step);

/** 0 .. count - 1 in an order of its own for each place. */
function order(count: number, place: number): number[] {
  const random = randomStream(8).fork(place);
  return Array.from({ length: count }, (_, k) => ({ k, draw: random.uniform(k) }))
    .sort((a, b) => a.draw - b.draw).map(({ k }) => k);
}

/** A sum that rounds after every term. */
const sumInSingles = (terms: readonly number[]) =>
  terms.reduce((sum, term) => Math.fround(sum + Math.fround(term)), 0);

Deno.test("a sum in float32 is within its bound in every order of its terms", async () => {
  const random = randomStream(8);
  const terms = Float32Array.from({ length: 300 }, (_, k) => random.normal(k) * 10 ** (k % 4));
  const exact = await exactResult(() => tf.tensor1d(terms), (x) => tf.sum(x));
  const found = new Set<number>();
  for (let place = 0; place < 200; place++) {
    const sum = sumInSingles(order(terms.length, place).map((k) => terms[k]!));
    found.add(sum);
    assertRounded({ "": Float32Array.of(sum) }, exact, `order ${place}`);
  }
  assert.ok(found.size > 10, `${found.size} different sums`);
});

Deno.test("gradients are within the bound when products sum in float32, in any order", () => {
  assertRounded(numbersOf(() => step(weights())), exact, "summed in doubles");
  for (const place of [1, 2, 3]) {
    using _processor = productsInSingles(place);
    assertRounded(numbersOf(() => step(weights())), exact, `order ${place}`);
  }
});

/** Until disposed, matrix products of the CPU backend sum in float32 and in another order. */
function productsInSingles(place: number): Disposable {
  const kernel = tf.getKernel(tf.BatchMatMul, "cpu");
  const replace = (kernelFunc: tf.KernelFunc) => {
    tf.unregisterKernel(tf.BatchMatMul, "cpu");
    tf.registerKernel({ kernelName: tf.BatchMatMul, backendName: "cpu", kernelFunc });
  };
  replace(({ inputs, attrs }) => {
    const turned = (x: tf.Tensor, transposed: unknown) =>
      (transposed === true
        ? tf.transpose(x, [...x.shape.keys()].map((k) => k < x.rank - 2 ? k : 2 * x.rank - 3 - k))
        : x).arraySync();
    const a = turned(inputs["a"] as tf.Tensor, attrs!["transposeA"]);
    const b = turned(inputs["b"] as tf.Tensor, attrs!["transposeB"]);
    return tf.tensor(product(a, b) as number[][]);
  });
  // deno-lint-ignore no-explicit-any -- arrays of any depth
  function product(a: any, b: any): unknown {
    const depthOf = (x: unknown): number => Array.isArray(x) ? 1 + depthOf(x[0]) : 0;
    const [deepA, deepB] = [depthOf(a), depthOf(b)];
    if (deepA > 2 || deepB > 2) {
      const count = Math.max(deepA > 2 ? a.length : 1, deepB > 2 ? b.length : 1);
      const part = (x: unknown[], deep: number, k: number) =>
        deep < Math.max(deepA, deepB) ? x : x[x.length === 1 ? 0 : k];
      return Array.from({ length: count }, (_, k) => product(part(a, deepA, k), part(b, deepB, k)));
    }
    const places = order(b.length, place);
    return (a as number[][]).map((row) =>
      (b as number[][])[0]!.map((_, j) => sumInSingles(places.map((k) => row[k]! * b[k][j])))
    );
  }
  return { [Symbol.dispose]: () => replace(kernel.kernelFunc) };
}

for (
  const name of [
    "uniter.encoder.layer.0.attention.output.dense",
    "uniter.encoder.layer.1.intermediate.dense",
    "uniter.encoder.layer.0.output.LayerNorm",
  ]
) {
  Deno.test(`a relative error of 1e-4 in the weights of ${name} fails`, () => {
    const wrong = () => ({
      ...weights(),
      [`${name}.weight`]: tf.mul(weights()[`${name}.weight`]!, 1 + 1e-4),
    });
    assert.throws(
      () => assertRounded(numbersOf(() => step(wrong())), exact, "wrong"),
      /apart, rounding explains/,
    );
  });
}

Deno.test("a number that no rounding reaches must be exact", async () => {
  const moved = await exactResult(() => tf.tensor1d([0.1, 0.2]), (x) => tf.concat([x, tf.exp(x)]));
  const [a, b] = [0.1, 0.2].map(Math.fround) as [number, number];
  assertRounded({ "": Float32Array.of(a, b, Math.exp(a), Math.exp(b)) }, moved, "exact");
  assert.throws(() =>
    assertRounded(
      { "": Float32Array.of(a + 2 ** -27, b, Math.exp(a), Math.exp(b)) },
      moved,
      "moved",
    ), /rounding explains 0$/);
});
