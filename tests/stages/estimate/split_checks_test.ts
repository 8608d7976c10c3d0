/** What is wrong with a request for data that there will not be, before anything runs. */
import assert from "node:assert/strict";
import * as v from "valibot";
import type { Facts, StageDefinition } from "../../../pipeline/contract/stage.ts";
import { analyseAttention } from "../../../stages/analyse_attention.ts";
import { checks } from "../../../stages/checks.ts";
import { evaluate } from "../../../stages/evaluate.ts";
import { fineTune } from "../../../stages/fine_tune.ts";
import { linearBaseline } from "../../../stages/linear_baseline.ts";
import { makeScenes } from "../../../stages/make_scenes.ts";
import { oracle } from "../../../stages/oracle.ts";
import { photoFeatures } from "../../../stages/photo_features.ts";
import { pretrain } from "../../../stages/pretrain.ts";
import { publishedFeatures } from "../../../stages/published_features.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const data: Facts = { train_images: 5, test_images: 2, val_images: 0, together: 1 };

async function checked(
  stage: StageDefinition,
  parameters: Record<string, unknown>,
  { facts = data, files = {} }: {
    readonly facts?: Facts | undefined;
    readonly files?: Readonly<Record<string, string>>;
  } = {},
) {
  return await checks[stage.name]!({
    parameters: v.parse(stage.parameters, parameters),
    files,
    inputs: Object.fromEntries(Object.keys(stage.inputs).map((port) => [port, facts])),
  });
}

async function problems(...given: Parameters<typeof checked>) {
  const { problems } = await checked(...given);
  return problems.map(({ parameter, what, fix }) => `${parameter}: ${what}; ${fix}`);
}

const tset = "split: its data have no split `tset`; did you mean `test`?";

Deno.test("an unknown split is a problem of every stage that reads one", async () => {
  for (const stage of [evaluate, analyseAttention, linearBaseline]) {
    assert.deepEqual(await problems(stage, { split: "tset" }), [tset]);
    assert.deepEqual(await problems(stage, { split: "test" }), []);
  }
  assert.deepEqual(await problems(oracle, { split: "tset", knows: "objects" }), [tset]);
});

Deno.test("a split without images is a problem, too", async () => {
  assert.deepEqual(await problems(evaluate, { split: "val" }), [
    "split: its data have no split `val`; use one of `train`, `test`",
  ]);
});

Deno.test("an unknown split to train on or to validate with is a problem, if it is used", async () => {
  for (const [stage, more] of [[fineTune, { negatives: 3 }], [pretrain, {}]] as const) {
    const given = { seed: 1, ...more };
    assert.deepEqual(await problems(stage, { ...given, train: ["train", "restval"] }), [
      "train: its data have no split `restval`; use one of `train`, `test`",
    ]);
    assert.deepEqual(await problems(stage, given), []);
  }
  assert.deepEqual(await problems(fineTune, { seed: 1, negatives: 3, validate_every: 10 }), [
    "validation_split: its data have no split `val`; use one of `train`, `test`",
  ]);
});

Deno.test("a training cannot use more images than there are, nor divide families", async () => {
  const more = (images: number) => ({ seed: 1, negatives: 3, train_images: images });
  const given = "train_images: `train_images: ";
  assert.deepEqual(await problems(fineTune, more(6)), [
    `${given}6\` is more than the 5 images to train on; use at most 5, or remove \`train_images\``,
  ]);
  const facts = { train_images: 80, together: 8 };
  assert.deepEqual(await problems(pretrain, { seed: 1, train_images: 20 }, { facts }), [
    `${given}20\` divides images of the same objects, 8 together; use 16 or 24`,
  ]);
  assert.deepEqual(await problems(pretrain, { seed: 1, train_images: 5 }, { facts }), [
    `${given}5\` divides images of the same objects, 8 together; use 8`,
  ]);
  assert.deepEqual(await problems(pretrain, { seed: 1, train_images: 24 }, { facts }), []);
});

Deno.test("more negatives than the training split has wrong images are a problem", async () => {
  const requested = (count: number, wrong: number) =>
    `${count} negatives are requested, but the training split has ${wrong} wrong images`;
  assert.deepEqual(await problems(fineTune, { seed: 1, negatives: 5 }), [
    `negatives: ${requested(5, 4)}; lower \`negatives\`, or train on more images`,
  ]);
  assert.deepEqual(await problems(fineTune, { seed: 1, negatives: 3, train_images: 3 }), [
    `negatives: ${requested(3, 2)}; lower \`negatives\`, or train on more images`,
  ]);
  const both = { seed: 1, train: ["train", "test"] };
  assert.deepEqual(await problems(fineTune, { ...both, negatives: 6 }), []);
  assert.deepEqual(await problems(fineTune, { ...both, negatives: 7 }), [
    `negatives: ${requested(7, 6)}; lower \`negatives\`, or train on more images`,
  ]);
  const pool = { negatives: 2, hard_negatives: 2, branch_weight: 1, pool: 5 };
  assert.deepEqual(await problems(fineTune, { seed: 1, ...pool }), [
    `pool: ${requested(5, 4)}; lower \`pool\`, or train on more images`,
  ]);
});

Deno.test("families are asked of data that have none", async () => {
  assert.match(
    (await problems(fineTune, { seed: 1, negatives: 3, family_negatives: 2 })).join(),
    /^family_negatives: `family_negatives` needs images in families, and its data have none; /,
  );
  const matching = { seed: 1, families: true, tasks: { matching: 1 } };
  assert.equal((await problems(pretrain, matching)).length, 1);
  assert.deepEqual(await problems(pretrain, matching, { facts: { ...data, together: 4 } }), []);
});

Deno.test("nothing is a problem where nothing is known of the data", async () => {
  const unknown = await checks["evaluate"]!({
    parameters: { split: "tset" },
    files: {},
    inputs: { features: undefined },
  });
  assert.deepEqual(unknown.problems, []);
});

Deno.test("rendered scenes have the splits that their parameters ask for", async () => {
  const { facts } = await checked(makeScenes, {
    seed: 1,
    images: 16,
    val_images: 8,
    test_images: 8,
    unseen_images: 8,
    families: { pictures: 4, recoloured: true },
  });
  const splits = Object.keys(facts!).filter((name) => name.endsWith("_images"));
  assert.deepEqual(splits.map((name) => name.slice(0, -"_images".length)), [
    ...["train", "val", "test", "swap"],
    ...["unseen_roles", "unseen_pairs", "swap_unseen_roles", "swap_unseen_pairs"],
  ]);
  assert.deepEqual([facts!["train_images"], facts!["together"]], [16, 8]);
});

Deno.test("photos are counted from their list of captions", async () => {
  using folder = temporaryFolder();
  const captions = `${folder.path}/captions.csv`;
  const line = (photo: number) => `${photo}.jpg,a dog\n${photo}.jpg,a cat\n`;
  Deno.writeTextFileSync(captions, `image,caption\n${[1, 2, 3, 4, 5, 6].map(line).join("")}`);
  const { facts } = await checked(
    photoFeatures,
    { images: folder.path, captions, test: 2, validation: 1 },
    { files: { images: folder.path, captions } },
  );
  assert.deepEqual(facts, { train_images: 3, val_images: 1, test_images: 2, together: 1 });
});

Deno.test("published data have the splits that are imported, of unknown sizes", async () => {
  const { facts } = await checked(publishedFeatures, { root: "/data", splits: ["train", "test"] });
  assert.deepEqual(await problems(evaluate, { split: "val" }, { facts }), [
    "split: its data have no split `val`; use one of `train`, `test`",
  ]);
  assert.deepEqual(await problems(fineTune, { seed: 1, train_images: 99999 }, { facts }), []);
});
