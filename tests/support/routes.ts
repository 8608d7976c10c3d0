/**
 * One step on every route: tfjs's own CPU backend as the oracle, eager TensorFlow, recorded, and
 * recorded and under XLA.
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/random_stream.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { registerKeyedUniformForCpu } from "../../stages/model/keyed_random.ts";
import { compile } from "../../stages/tensorflow/compile.ts";
import { testCompute } from "./compute.ts";

export const config: Configuration = {
  vocab_size: 37,
  hidden_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 3,
  intermediate_size: 53,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 19,
  type_vocab_size: 2,
  initializer_range: 0.3,
  img_dim: 17,
} as Configuration;

const texts = 7;
const words = 11;
const images = 5;
const regions = 6;
export const random = randomStream(5);

/** Tables with rows of every length, from bits that no backend has a hand in. */
export function tables() {
  const lengths = Array.from(
    { length: texts },
    (_, t) => 4 + random.fork("words").integer(t, words - 3),
  );
  const counts = Array.from(
    { length: images },
    (_, i) => 2 + random.fork("regions").integer(i, regions - 1),
  );
  const tokens = lengths.flatMap((length, t) =>
    Array.from({ length: words }, (_, w) => w < length ? 1 + random.fork(t).integer(w, 36) : 0)
  );
  const features = Array.from({ length: images * regions * 17 }, (_, k) => random.normal(k));
  const boxes = Array.from({ length: images * regions * 7 }, (_, k) => random.fork("b").uniform(k));
  return {
    tokens: tf.tensor2d(tokens, [texts, words], "int32"),
    words: tf.tensor1d(lengths, "int32"),
    features: tf.tensor3d(features, [images, regions, 17]),
    boxes: tf.tensor3d(boxes, [images, regions, 7]),
    regions: tf.tensor1d(counts, "int32"),
  };
}

/** What steps on top of frozen branches read beside. */
export function branchTables() {
  const drawn = (name: string, shape: number[]) => {
    const own = random.fork(name);
    const size = shape.reduce((product, side) => product * side, 1);
    return tf.tensor(Array.from({ length: size }, (_, k) => own.normal(k)), shape);
  };
  const pictures = drawn("pictures", [images, 17]);
  return {
    branchTexts: drawn("branch texts", [texts, 13]),
    "branch_image.weight": drawn("branch image", [13, 17]),
    "branch_image.bias": drawn("branch bias", [13]),
    pictures,
    pictureMean: tf.mean(pictures, 0, true),
  };
}

type Numbers = Record<string, Float32Array>;

export function flat(tree: tf.TensorContainer, path = ""): Numbers {
  if (tree instanceof tf.Tensor) return { [path]: tree.dataSync<"float32">() };
  return Object.assign(
    {},
    ...Object.entries(tree as object).map(([name, part]) => flat(part, `${path}/${name}`)),
  );
}

/** Largest distance of a tensor, relative to that tensor's largest number. */
function assertAgrees(actual: Numbers, oracle: Numbers, what: string) {
  assert.deepEqual(Object.keys(actual), Object.keys(oracle));
  for (const [name, expected] of Object.entries(oracle)) {
    // A key's bias shifts all logits of a row alike, so its gradient is 0 but for rounding.
    if (name.endsWith("key.bias")) continue;
    const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-3);
    const apart = expected.reduce(
      (most, x, i) => Math.max(most, Math.abs(x - actual[name]![i]!)),
      0,
    );
    assert.ok(apart <= 1e-5 * scale, `${what}: ${name} is ${apart / scale} apart`);
  }
}

/** Compares a step's numbers on all routes. */
export async function routes() {
  const compute = await testCompute();
  registerKeyedUniformForCpu();
  return async function compare<Inputs extends { readonly [name: string]: unknown }>(
    what: string,
    inputs: () => Inputs,
    step: (inputs: Inputs) => tf.TensorContainer,
  ) {
    const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
    const run = (fn: (inputs: Inputs) => tf.TensorContainer) => {
      let numbers: Numbers = {};
      tf.tidy(() => {
        numbers = flat(fn(inputs()));
      });
      return numbers;
    };
    await tf.setBackend("cpu");
    const oracle = run(step);
    await tf.setBackend("tensorflow");
    const eager = run(step);
    // deno-lint-ignore no-explicit-any
    using xla = compile<any, any>(compute, step as any, { name: "oracle" });
    // deno-lint-ignore no-explicit-any
    using plain = compile<any, any>(compute, step as any, { name: "oracle_plain", xla: false });
    assertAgrees(eager, oracle, `${what}, eager TensorFlow`);
    assertAgrees(run(plain), oracle, `${what}, recorded`);
    assertAgrees(run(xla), oracle, `${what}, recorded and under XLA`);
    assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
  };
}
