import assert from "node:assert/strict";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { trainedNames } from "../../../../stages/model/parameters.ts";
import {
  drawTask,
  pretrainingTasks,
  type TaskName,
  tasksOf,
} from "../../../../stages/train/pretrain/task_table.ts";
import { goldenConfiguration } from "../../../support/goldens.ts";

const updates = Array.from({ length: 4000 }, (_, i) => i + 1);

Deno.test("tasks are drawn in proportion to their weights, whatever order they are written in", () => {
  const mix = { matching: 1, joint: 0, masked_words: 2.5, branch_contrast: 0.5 };
  const drawn = updates.map((update) => drawTask(mix, randomStream(7), update));
  for (const [task, weight] of Object.entries(mix)) {
    const share = drawn.filter((one) => one === task).length / drawn.length;
    const error = 4 * Math.sqrt(weight / 4 * (1 - weight / 4) / drawn.length);
    assert.ok(Math.abs(share - weight / 4) <= error, `${task}: ${share}`);
  }
  const turned = Object.fromEntries(Object.entries(mix).reverse());
  assert.deepEqual(updates.map((update) => drawTask(turned, randomStream(7), update)), drawn);
});

Deno.test("only the ratios of weights matter, another seed draws other tasks, and a single task is always drawn", () => {
  const draws = (mix: Parameters<typeof drawTask>[0], seed: number) =>
    updates.slice(0, 200).map((update) => drawTask(mix, randomStream(seed), update));
  assert.deepEqual(draws({ joint: 3, matching: 6 }, 1), draws({ joint: 1, matching: 2 }, 1));
  assert.notDeepEqual(draws({ joint: 1, matching: 2 }, 2), draws({ joint: 1, matching: 2 }, 1));
  assert.deepEqual(new Set(draws({ matching: 1e-3 }, 1)), new Set(["matching"]));
  assert.deepEqual(tasksOf({ matching: 0, joint: 1 }), ["joint"]);
});

Deno.test("each task trains its own head, and masked words leave the pooler alone", () => {
  const names = (task: TaskName) =>
    trainedNames(goldenConfiguration(), pretrainingTasks[task].trains);
  const heads = (task: TaskName) =>
    [...new Set(names(task).map((name) => name.split(".").slice(0, 2).join(".")))]
      .filter((name) => !/embeddings|encoder/.test(name));
  const reaches = (task: TaskName, part: RegExp) => names(task).some((name) => part.test(name));
  assert.deepEqual(heads("matching"), ["uniter.pooler", "itm_output.weight", "itm_output.bias"]);
  assert.deepEqual(heads("masked_words"), ["cls.predictions"]);
  assert.deepEqual(heads("joint"), [
    "uniter.pooler",
    "cls.predictions",
    "itm_output.weight",
    "itm_output.bias",
  ]);
  assert.deepEqual(heads("masked_region_features"), ["feat_regress.net", "feat_regress.bias"]);
  assert.deepEqual(heads("masked_region_classes"), ["region_classifier.net"]);
  assert.deepEqual(heads("word_region_transport"), heads("matching"));
  assert.deepEqual(heads("word_region_contrast"), []);
  assert.deepEqual(heads("pair_ranking"), ["uniter.pooler", "rank_output.weight"]);
  assert.equal(reaches("word_region_contrast", /encoder/), false);
  assert.equal(reaches("branch_contrast", /img_embeddings/), false);
  assert.equal(reaches("matching", /mask_embedding/), false);
  assert.equal(reaches("masked_region_features", /mask_embedding/), true);
});
