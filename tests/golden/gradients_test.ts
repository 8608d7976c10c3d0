/** Gradients of ranking and alignment losses by parameter, against the release's in float64. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { rankingParts, trainedNames } from "../../stages/model/parameters.ts";
import { type Weights, weightsOnDevice } from "../../stages/model/weights.ts";
import { alignments } from "../../stages/objective/alignment.ts";
import { lossAndGradients } from "../../stages/train/gradients.ts";
import { pairTables } from "../../stages/batch/row_tables.ts";
import { testCompute } from "../support/compute.ts";
import { batchOfProblems, goldenSplit } from "../support/golden_data.ts";
import {
  hardBatch,
  hardLosses,
  type Layout,
  positiveBlocks,
  positiveLoss,
} from "../support/golden_ranking.ts";
import { assertStatistics, type Statistics } from "../support/golden_statistics.ts";
import { goldenCheckpoint, goldenConfiguration, goldenJson } from "../support/goldens.ts";
import { assertClose } from "../support/tensor_test.ts";

const { meta, gradients: example } = goldenJson("expected.json");
const config = goldenConfiguration();
await testCompute();
using split = await goldenSplit("train");
const tables = pairTables(split.set, split.index);
const trained = trainedNames(config, rankingParts);
const weights = weightsOnDevice(await goldenCheckpoint(), trained);
const { txt_id, img_id, neg_txt_ids, neg_img_ids } = example;

interface RecordedGradients {
  readonly value_float64: number;
  readonly params: Readonly<Record<string, (Statistics & { sum: number }) | null>>;
  readonly params_float64: Readonly<Record<string, Statistics | null>>;
}

/** The loss that a case's name stands for. */
function lossOf(name: string): (weights: Weights) => tf.Scalar {
  const drawn = batchOfProblems(split, {
    imageAnchored: { txt_id, img_id, neg_ids: neg_txt_ids },
    textAnchored: { txt_id, img_id, neg_ids: neg_img_ids },
  });
  const ranking = /^rank\/(text|image)_anchored\/(iais|plain)_layout$/.exec(name);
  if (ranking !== null) {
    const [, anchor, layout] = ranking;
    const problem = { config, tables, drawn, layout: layout as Layout };
    const hard = hardBatch(weights, problem, meta.hard_neg_size);
    return (weights) => {
      const losses = hardLosses(weights, problem, { hard, margin: meta.margin });
      return tf.mean(tf.slice(losses, [anchor === "image" ? 0 : 1, 0], [1, -1]));
    };
  }
  const alignment = /^iais\/(L|V)-(singular|distributed)$/.exec(name);
  if (alignment === null) throw new Error(`no such case: ${name}`);
  const [, letter, member] = alignment;
  return (weights) =>
    positiveLoss(
      positiveBlocks(weights, { config, tables, drawn }),
      alignments[member as keyof typeof alignments],
      letter === "L" ? "text" : "image",
    );
}

for (const [name, recorded] of Object.entries<RecordedGradients>(example.grads)) {
  Deno.test(`gradients of ${name} equal the release's`, () =>
    tf.tidy(() => {
      const loss = lossOf(name);
      const { loss: value, gradients } = lossAndGradients(weights, (weights) => {
        // tfjs refuses gradients of unused inputs; adding 0 times them changes nothing.
        const unused = Object.values(weights).map((tensor) => tf.mul(tf.sum(tensor), 0));
        return [tf.addN([loss(weights), ...unused]) as tf.Scalar];
      });
      assertClose(value, [recorded.value_float64], 1e-5, "value");
      const inRelease = Object.keys(recorded.params);
      assert.deepEqual(trained.filter((name) => !inRelease.includes(name)), []);
      for (const [parameter, statistics] of Object.entries(recorded.params_float64)) {
        const gradient = gradients[parameter];
        if (gradient === undefined) {
          assert.equal(statistics, null, `${parameter} has a gradient in the release`);
          continue;
        }
        const sum = recorded.params[parameter]?.sum ?? 0;
        const tolerance = { relative: 5e-5, absolute: 2e-6 };
        assertStatistics(parameter, gradient, statistics && { ...statistics, sum }, tolerance);
      }
    }));
}
