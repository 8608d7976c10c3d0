/**
 * One step on every route: tfjs's own CPU backend as the oracle, eager TensorFlow, recorded, and
 * recorded and under XLA.
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { registerKeyedUniformForCpu } from "../../stages/model/keyed_random.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
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

/** erf to the precision of doubles; tfjs's own for the CPU is good to 1.5e-7, which layers amplify. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    // x - x^3 / 3 + x^5 / (5 x 2!) - …, times 2 / √π
    let sum = x;
    for (let n = 1, power = x; n < 60; n++) {
      power *= -x * x / n;
      sum += power / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
  // erfc(x) = exp(-x^2) / √π / (x + 1/2 / (x + 2/2 / (x + 3/2 / …)))
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
}

function registerExactErfForCpu(): void {
  tf.unregisterKernel(tf.Erf, "cpu");
  tf.registerKernel({
    kernelName: tf.Erf,
    backendName: "cpu",
    kernelFunc({ inputs }) {
      const x = inputs["x"] as tf.Tensor;
      return tf.tensor(Float32Array.from(x.dataSync<"float32">(), erf), x.shape, "float32");
    },
  });
}

/**
 * Runs with tfjs's CPU backend computing in doubles: it keeps what it calls float32 in whatever
 * `Float32Array` is at that time. Rounding of the oracle's own would take up half of what routes may
 * differ by.
 */
function inDoubles<Result>(run: () => Result): Result {
  const Singles = globalThis.Float32Array;
  const { platform } = tf.env();
  const isTypedArray = platform.isTypedArray.bind(platform);
  class Doubles extends Float64Array {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return Object.prototype.toString.call(value) === "[object Float32Array]" ||
        Object.prototype.toString.call(value) === "[object Float64Array]";
    }
  }
  Object.assign(globalThis, { Float32Array: Doubles });
  platform.isTypedArray = (value): value is Float32Array =>
    isTypedArray(value) || value instanceof Float64Array;
  try {
    return run();
  } finally {
    Object.assign(globalThis, { Float32Array: Singles });
    platform.isTypedArray = isTypedArray;
  }
}

/** Compares a step's numbers on all routes. */
export async function routes() {
  const compute = await testCompute();
  registerKeyedUniformForCpu();
  registerExactErfForCpu();
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
    const oracle = inDoubles(() => run(step));
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
