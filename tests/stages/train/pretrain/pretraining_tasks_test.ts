import assert from "node:assert/strict";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { drawTask, tasksOf } from "../../../../stages/train/pretrain/pretraining_tasks.ts";

const updates = Array.from({ length: 4000 }, (_, i) => i + 1);

Deno.test("tasks are drawn as often as their weights say, whatever order they are written in", () => {
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

Deno.test("weights count by their proportions, another seed draws others, and one task is always drawn", () => {
  const draws = (mix: Parameters<typeof drawTask>[0], seed: number) =>
    updates.slice(0, 200).map((update) => drawTask(mix, randomStream(seed), update));
  assert.deepEqual(draws({ joint: 3, matching: 6 }, 1), draws({ joint: 1, matching: 2 }, 1));
  assert.notDeepEqual(draws({ joint: 1, matching: 2 }, 2), draws({ joint: 1, matching: 2 }, 1));
  assert.deepEqual(new Set(draws({ matching: 1e-3 }, 1)), new Set(["matching"]));
  assert.deepEqual(tasksOf({ matching: 0, joint: 1 }), ["joint"]);
});
