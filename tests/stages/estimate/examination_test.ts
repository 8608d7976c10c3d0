/** What doctor finds in the way of a training before it measures anything. */
import assert from "node:assert/strict";
import * as v from "valibot";
import type { ExaminationContext, Facts } from "../../../pipeline/contract/stage.ts";
import { examinations } from "../../../stages/examinations.ts";
import { evaluate } from "../../../stages/evaluate.ts";
import { fineTune } from "../../../stages/fine_tune.ts";
import type { StageDefinition } from "../../../pipeline/contract/stage.ts";

const features: Facts = {
  words: 9,
  regions: 4,
  vocabulary: 20,
  feature_dim: 6,
  train_images: 5,
  train_captions: 10,
};

async function findings(
  stage: StageDefinition,
  parameters: Record<string, unknown>,
  facts: Facts = features,
) {
  const context: ExaminationContext<unknown> = {
    parameters: v.parse(stage.parameters, { ...parameters }),
    files: {},
    inputs: { features: facts },
    threads: 1,
    progress: { report() {}, say: (line) => assert.fail(line) },
  };
  const { findings } = await examinations[stage.name]!(context);
  return findings.map(({ verdict, what, fix }) => `${verdict}: ${what}; ${fix}`);
}

Deno.test("an unknown validation split is a problem", async () => {
  assert.deepEqual(
    await findings(fineTune, { seed: 1, negatives: 3, validate_every: 10 }),
    ["bad: there is no split `val`; name a split of the features"],
  );
});

Deno.test("more negatives than the training split has wrong images are a problem", async () => {
  assert.deepEqual(
    await findings(fineTune, { seed: 1, negatives: 5 }),
    [
      "bad: 5 negatives are requested, but the training split has 4 wrong images; " +
      "lower `negatives`, or train on more images",
    ],
  );
});

Deno.test("wrong images are counted over all training splits", async () => {
  const train = ["train", "val"];
  assert.deepEqual(
    await findings(fineTune, { seed: 1, negatives: 5, train }),
    ["bad: there is no split `val`; name a split of the features"],
  );
  const more = { ...features, val_images: 3, val_captions: 6 };
  assert.deepEqual(
    await findings(fineTune, { seed: 1, negatives: 8, train }, more),
    [
      "bad: 8 negatives are requested, but the training split has 7 wrong images; " +
      "lower `negatives`, or train on more images",
    ],
  );
});

Deno.test("a pool that is larger than the training split is a problem", async () => {
  assert.deepEqual(
    await findings(fineTune, {
      seed: 1,
      negatives: 2,
      hard_negatives: 2,
      branch_weight: 1,
      pool: 5,
    }),
    [
      "bad: 5 negatives are requested, but the training split has 4 wrong images; " +
      "lower `pool`, or train on more images",
    ],
  );
});

Deno.test("an unknown split to evaluate is a problem", async () => {
  assert.deepEqual(
    await findings(evaluate, { split: "tset" }),
    ["bad: there is no split `tset`; name a split of the features"],
  );
});
