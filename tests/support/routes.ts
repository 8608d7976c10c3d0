/**
 * One step on every route: eager TensorFlow, recorded, and recorded and under XLA, each against the
 * exact result (tests/support/rounding.ts).
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { compile } from "../../stages/tensorflow/programs/compile.ts";
import { testCompute } from "./compute.ts";
import { isLong } from "./long_test.ts";
import { assertRounded, exactResult, numbersOf } from "./rounding.ts";

export const config: Configuration = {
  vocab_size: 37,
  hidden_size: 24,
  num_hidden_layers: 2,
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
  // Row 0 is zeros; between the regions of two images are rows of none.
  const rows = 1 + images * regions;
  const table = (width: number, value: (k: number) => number) =>
    tf.tensor2d(
      Array.from({ length: rows * width }, (_, k) => k < width ? 0 : value(k - width)),
      [rows, width],
    );
  return {
    tokens: tf.tensor2d(tokens, [texts, words], "int32"),
    words: tf.tensor1d(lengths, "int32"),
    features: table(17, (k) => random.normal(k)),
    boxes: table(7, (k) => random.fork("b").uniform(k)),
    firstRows: tf.tensor1d(counts.map((_, image) => 1 + image * regions), "int32"),
    regions: tf.tensor1d(counts, "int32"),
    places: tf.range(0, regions, 1, "int32"),
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

/**
 * Compares a step's numbers on every route with the exact result. XLA takes most of the time: unless
 * `xla` says otherwise it is a route of long tests alone.
 */
export async function routes() {
  const compute = await testCompute();
  return async function compare<Inputs extends { readonly [name: string]: unknown }>(
    what: string,
    inputs: () => Inputs,
    step: (inputs: Inputs) => tf.TensorContainer,
    { xla = isLong }: { readonly xla?: boolean } = {},
  ) {
    const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
    const exact = await exactResult(inputs, step);
    await tf.setBackend("tensorflow");
    const assertRoute = (route: string, fn: (inputs: Inputs) => tf.TensorContainer) =>
      assertRounded(numbersOf(() => fn(inputs())), exact, `${what}, ${route}`);
    assertRoute("eager TensorFlow", step);
    for (const [route, options] of [["recorded", { xla: false }], ["under XLA", {}]] as const) {
      if (route === "under XLA" && !xla) continue;
      // deno-lint-ignore no-explicit-any
      using program = compile<any, any>(compute, step as any, { name: "oracle", ...options });
      assertRoute(route, program);
    }
    assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
  };
}
