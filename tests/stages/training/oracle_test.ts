/** The whole training step, recorded and under XLA, against eager TensorFlow and tfjs's CPU backend. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/random_stream.ts";
import type { Configuration } from "../../../stages/model/configuration.ts";
import { initialWeights, withRankHead } from "../../../stages/model/initial_weights.ts";
import { registerKeyedUniformForCpu } from "../../../stages/model/keyed_random.ts";
import { trainedNames } from "../../../stages/model/parameters.ts";
import { weightsOnDevice } from "../../../stages/model/weights_on_device.ts";
import { alignments, congruence, member } from "../../../stages/objective/alignment.ts";
import { publishedScope } from "../../../stages/objective/alignment_scope.ts";
import { compile } from "../../../stages/tensorflow/compile.ts";
import {
  type FineTuningObjective,
  fineTuningStep,
  type MicroStepInputs,
} from "../../../stages/training/fine_tuning_step.ts";
import {
  type PretrainingInputs,
  pretrainingStep,
} from "../../../stages/training/pretraining_step.ts";
import { zerosLike } from "../../../stages/training/training_state.ts";
import { testCompute } from "../../support/compute.ts";

const compute = await testCompute();
registerKeyedUniformForCpu();

const config: Configuration = {
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
const random = randomStream(5);

/** Tables with rows of every length, from bits that no backend has a hand in. */
function tables() {
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

function fineTuningInputs(): MicroStepInputs {
  const stored = withRankHead(initialWeights(config, random));
  const weights = weightsOnDevice(stored, trainedNames(config, ["ranking"]));
  return {
    weights,
    accumulated: zerosLike(weights),
    tables: tables(),
    batch: {
      imageAnchors: tf.tensor1d([3, 0], "int32"),
      textCandidates: tf.tensor2d([[0, 4, 2, 6, 1], [5, 1, 3, 2, 6]], [2, 5], "int32"),
      textAnchors: tf.tensor1d([6, 2], "int32"),
      imageCandidates: tf.tensor2d([[1, 0, 4, 3, 2], [2, 4, 0, 1, 3]], [2, 5], "int32"),
    },
    key: tf.tensor1d([...random.key], "int32"),
    alignmentWeight: tf.scalar(0.7),
    share: tf.scalar(0.5),
  };
}

function pretrainingInputs(): PretrainingInputs {
  const all = tables();
  return {
    weights: weightsOnDevice(
      initialWeights(config, random),
      trainedNames(config, ["matching", "masked_words"]),
    ),
    tables: all,
    batch: {
      texts: tf.tensor1d([1, 4, 6, 3], "int32"),
      images: tf.tensor1d([0, 2, 2, 4], "int32"),
      judged: tf.tensor1d([1, 3], "int32"),
      matched: tf.tensor1d([1, 0], "int32"),
      tokens: tf.gather(all.tokens, tf.tensor1d([1, 4, 6, 3], "int32")),
      maskedPlaces: tf.tensor1d([1, 24, 25, 0], "int32"),
      maskedWords: tf.tensor1d([5, 6, 7, 0], "int32"),
      maskedThere: tf.tensor1d([1, 1, 1, 0], "int32"),
    },
    key: tf.tensor1d([...random.key], "int32"),
  };
}

type Numbers = Record<string, Float32Array>;

function flat(tree: tf.TensorContainer, path = ""): Numbers {
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

async function compare<Inputs extends { readonly [name: string]: unknown }>(
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
}

/** Every member, layer, head and modality is in one of them at least. */
const objectives: Readonly<Record<string, Pick<FineTuningObjective, "alignment" | "scope">>> = {
  none: { alignment: undefined },
  singular: { alignment: alignments.singular },
  distributed: { alignment: alignments.distributed },
  "congruence of the words": {
    alignment: congruence,
    scope: { ...publishedScope, modality: "text" },
  },
  "topk, there and back, in all layers": {
    alignment: member({ topk: 2 }, "roundtrip"),
    scope: { ...publishedScope, layers: "all" },
  },
  "sparsemax of each head in two layers": {
    alignment: member("sparsemax", "transport"),
    scope: { layers: [0, 2], heads: "each", modality: "both" },
  },
  "entmax15 of the regions": {
    alignment: member("entmax15", "transport"),
    scope: { ...publishedScope, modality: "image" },
  },
};

for (const [what, objective] of Object.entries(objectives)) {
  Deno.test(`a fine-tuning step agrees on three routes, alignment ${what}`, () =>
    compare(`alignment ${what}`, fineTuningInputs, (inputs) =>
      fineTuningStep(config, {
        ...objective,
        margin: 0.2,
        hardNegatives: 3,
      }, inputs) as unknown as tf.TensorContainer));
}

Deno.test("without earlier micro-steps to add to, a step's gradients are those added to 0", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const inputs = fineTuningInputs();
    const step = (accumulated: MicroStepInputs["accumulated"]) =>
      flat(
        fineTuningStep(config, { alignment: undefined, margin: 0.2, hardNegatives: 3 }, {
          ...inputs,
          accumulated,
        }) as unknown as tf.TensorContainer,
      );
    assert.deepEqual(step({}), step(inputs.accumulated));
  });
});

Deno.test("a pretraining step agrees on three routes", () =>
  compare(
    "pretraining",
    pretrainingInputs,
    (inputs) =>
      pretrainingStep(
        config,
        { contrastWeight: 0.5, temperature: 0.1 },
        inputs,
      ) as unknown as tf.TensorContainer,
  ));
