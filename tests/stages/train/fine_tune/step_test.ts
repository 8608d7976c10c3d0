/** The whole fine-tuning step, eager, recorded and under XLA, against the exact result. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { initialWeights, withRankHead } from "../../../../stages/model/initial_weights.ts";
import { rankingParts, trainedNames } from "../../../../stages/model/parameters.ts";
import { weightsOnDevice } from "../../../../stages/model/weights.ts";
import { alignments, congruence, member } from "../../../../stages/objective/alignment.ts";
import { publishedScope } from "../../../../stages/objective/alignment_scope.ts";
import {
  type FineTuningObjective,
  fineTuningStep,
  type MicroStepInputs,
  type Packing,
} from "../../../../stages/train/fine_tune/step.ts";
import { longTest } from "../../../support/long_test.ts";
import { flat } from "../../../support/rounding.ts";
import { branchTables, config, random, routes, tables } from "../../../support/routes.ts";

const compare = await routes();

function fineTuningInputs(): MicroStepInputs {
  const stored = withRankHead(initialWeights(config, random));
  const weights = weightsOnDevice(stored, trainedNames(config, rankingParts));
  return {
    weights,
    tables: { ...tables(), ...branchTables() },
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

/** The pairs have 7 to 16 words and regions. */
const packing: Packing = {
  mined: [{ pairs: 4, width: 16 }, { pairs: 9, width: 15 }, { pairs: 7, width: 12 }],
  trained: [{ pairs: 7, width: 17 }, { pairs: 9, width: 14 }],
};

/** Each member, layer, head and modality is in at least one of them. */
const objectives: Readonly<Record<string, Partial<FineTuningObjective>>> = {
  none: {},
  "none, ranking by softmax": { ranking: "softmax" },
  "none, all negatives trained on": { hardNegatives: 4 },
  "none, on top of frozen branches, with drops": {
    branchWeight: 5,
    drops: { feature: 0.3, region: 0.3 },
  },
  singular: { alignment: alignments.singular },
  distributed: { alignment: alignments.distributed },
  "singular, packed": { alignment: alignments.singular, packing },
  "sparsemax in all layers, packed, with drops and branches": {
    alignment: member("sparsemax", "transport"),
    scope: { ...publishedScope, layers: "all" },
    drops: { feature: 0.3, region: 0.3 },
    branchWeight: 5,
    packing,
  },
  "congruence of the words": {
    alignment: congruence,
    scope: { ...publishedScope, modality: "text" },
  },
  "topk, there and back, in all layers": {
    alignment: member({ topk: 2 }, "roundtrip"),
    scope: { ...publishedScope, layers: "all" },
  },
  "sparsemax of each head in the first layer": {
    alignment: member("sparsemax", "transport"),
    scope: { layers: [0], heads: "each", modality: "both" },
  },
  "singular by sums, as a contrast": {
    alignment: member("argmax", "transport", "sum"),
    contrast: 0.3,
  },
  "sparsemax by sums, with a fixed target": {
    alignment: { ...member("sparsemax", "transport", "sum"), stopGradient: "other" },
  },
  "entmax15 of the regions": {
    alignment: member("entmax15", "transport"),
    scope: { ...publishedScope, modality: "image" },
  },
};

/** The others are long tests. */
const everyTime = [
  "none, on top of frozen branches, with drops",
  "distributed",
  "singular by sums, as a contrast",
  "sparsemax in all layers, packed, with drops and branches",
];

for (const [what, objective] of Object.entries(objectives)) {
  const test = everyTime.includes(what) ? Deno.test : longTest;
  test(`a fine-tuning step is exact but for rounding on every route, alignment ${what}`, () =>
    compare(
      `alignment ${what}`,
      fineTuningInputs,
      (inputs) =>
        fineTuningStep(config, {
          alignment: undefined,
          margin: 0.2,
          hardNegatives: 3,
          ...objective,
        }, inputs) as unknown as tf.TensorContainer,
      what === "distributed" ? { xla: true } : {},
    ));
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

Deno.test("packed pairs have the scores and gradients of padded ones, but for the order of sums", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const inputs = fineTuningInputs();
    const plain = { ...config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 };
    const numbers = (packing: Packing | undefined) =>
      Object.values(flat(
        fineTuningStep(plain, {
          alignment: alignments.singular,
          scope: { ...publishedScope, layers: "all" },
          margin: 0.2,
          hardNegatives: 3,
          packing,
        }, inputs) as unknown as tf.TensorContainer,
      )).flatMap((tensor) => [...tensor]);
    const [padded, packed] = [numbers(undefined), numbers(packing)];
    assert.equal(packed.length, padded.length);
    // Sums of at most 53 numbers of the size of 1, in float32.
    const bound = 53 * 2 ** -23 * 10;
    padded.forEach((number, place) => {
      assert.ok(Math.abs(packed[place]! - number) <= bound * Math.max(1, Math.abs(number)));
    });
  });
});

Deno.test("where all negatives are trained on, none are mined, and scores and loss are those of all candidates", async () => {
  await tf.setBackend("cpu");
  tf.tidy(() => {
    const inputs = fineTuningInputs();
    const step = (hardNegatives: number) =>
      fineTuningStep(
        { ...config, hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
        { alignment: undefined, margin: 0.2, hardNegatives },
        inputs,
      );
    const [some, all] = [step(3), step(4)];
    const scores = all.scores.arraySync() as number[][];
    assert.deepEqual(scores, some.scores.arraySync());
    const hinges = scores.map(([right = 0, ...wrong]) =>
      mean(wrong.map((score) => Math.max(0, 0.2 + sigmoid(score) - sigmoid(right))))
    );
    const [loss = 0] = all.numbers.dataSync();
    assert.ok(Math.abs(loss - 2 * mean(hinges)) < 1e-6);
    const [partial = 0] = some.numbers.dataSync();
    assert.ok(partial > loss, "the hardest three have a larger mean than all four");
    const withDropout = (hardNegatives: number) =>
      fineTuningStep(config, { alignment: undefined, margin: 0.2, hardNegatives }, inputs).scores
        .arraySync();
    assert.deepEqual(withDropout(3), scores, "mined without dropout");
    assert.notDeepEqual(withDropout(4), scores, "one pass, with dropout");
  });
});
