/** The whole fine-tuning step, recorded and under XLA, against eager TensorFlow and tfjs's CPU backend. */
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
} from "../../../../stages/train/fine_tune/step.ts";
import { zerosLike } from "../../../../stages/train/state.ts";
import { flat } from "../../../support/rounding.ts";
import { branchTables, config, random, routes, tables } from "../../../support/routes.ts";

const compare = await routes();

function fineTuningInputs(): MicroStepInputs {
  const stored = withRankHead(initialWeights(config, random));
  const weights = weightsOnDevice(stored, trainedNames(config, rankingParts));
  return {
    weights,
    accumulated: zerosLike(weights),
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

/** Every member, layer, head and modality is in one of them at least. */
const objectives: Readonly<Record<string, Partial<FineTuningObjective>>> = {
  none: {},
  "none, on top of frozen branches, with drops": {
    branchWeight: 5,
    drops: { feature: 0.3, region: 0.3 },
  },
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
        alignment: undefined,
        ...objective,
        margin: 0.2,
        hardNegatives: 3,
      }, inputs) as unknown as tf.TensorContainer));
}

Deno.test("the gradients of a first micro-step are the same whether added to nothing or to zeros", async () => {
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
