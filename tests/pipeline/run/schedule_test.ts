import assert from "node:assert/strict";
import fc from "fast-check";
import { executePlan } from "../../../pipeline/run/schedule.ts";
import type { Outcome } from "../../../pipeline/workers/worker_pool.ts";
import type { KeyedNode } from "../../../pipeline/key/key.ts";
import type { Planned } from "../../../pipeline/plan/plan.ts";
import type { Resources } from "../../../pipeline/contract/stage.ts";
import { toyNodes } from "../../support/toy_plan.ts";

const done: Outcome = { type: "done", made: true };
const failed: Outcome = { type: "failed", failure: { what: "no" }, log: [] };
const budget = { jobs: 2, threads: 8, memory: 100, gpus: 0 };
const modest: Resources = { threads: 1, memory: 0, gpus: 0 };

const sweep = `
name: toy
seed: 1
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [1, 2, 3] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

function toRun(nodes: readonly KeyedNode[]): Planned[] {
  return nodes.map((node) => ({ node, action: "run", why: { kind: "missing" } }));
}

/** Carries out a plan with stages that end when the test decides. */
function watched(plan: readonly Planned[], resources = (_: KeyedNode): Resources => modest) {
  const running = new Map<string, (outcome: Outcome) => void>();
  const log: string[] = [];
  const execution = executePlan(plan, {
    budget,
    resources,
    run: ({ label }) => {
      log.push(label);
      return new Promise((resolve) => running.set(label, resolve));
    },
  });
  const end = async (label: string, outcome = done) => {
    running.get(label)!(outcome);
    running.delete(label);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { execution, running, log, end };
}

Deno.test("ready stages run in the order of the plan, up to the number of jobs", async () => {
  const { execution, running, end } = watched(toRun(toyNodes(sweep)));
  assert.deepEqual([...running.keys()], ["numbers"]);
  await end("numbers");
  assert.deepEqual([...running.keys()], ["tuned[seed=1]", "tuned[seed=2]"]);
  await end("tuned[seed=2]");
  assert.deepEqual([...running.keys()], ["tuned[seed=1]", "tuned[seed=3]"]);
  await end("tuned[seed=1]");
  assert.deepEqual([...running.keys()], ["tuned[seed=3]", "recall[seed=1]"]);
  for (const label of ["recall[seed=1]", "tuned[seed=3]", "recall[seed=2]", "recall[seed=3]"]) {
    await end(label);
  }
  assert.equal((await execution).made.length, 7);
});

Deno.test("a failed stage prevents what reads it, and nothing else", async () => {
  const { execution, end } = watched(toRun(toyNodes(sweep)));
  await end("numbers");
  await end("tuned[seed=2]", failed);
  for (const seed of [1, 3]) await end(`tuned[seed=${seed}]`);
  for (const seed of [1, 3]) await end(`recall[seed=${seed}]`);
  const { made, failed: [only, ...others], left, stopped } = await execution;
  assert.deepEqual(made.map(({ label }) => label), [
    "numbers",
    "tuned[seed=1]",
    "tuned[seed=3]",
    "recall[seed=1]",
    "recall[seed=3]",
  ]);
  assert.equal(only!.node.label, "tuned[seed=2]");
  assert.deepEqual([others, stopped], [[], []]);
  assert.deepEqual(left.map(({ label }) => label), ["recall[seed=2]"]);
});

Deno.test("a stage that does not fit next to the others waits, and later stages go first", async () => {
  const needs = (node: KeyedNode) =>
    node.label === "tuned[seed=2]" ? { ...modest, memory: 80 } : {
      ...modest,
      memory: 30,
    };
  const { execution, running, end } = watched(toRun(toyNodes(sweep)), needs);
  await end("numbers");
  assert.deepEqual([...running.keys()], ["tuned[seed=1]", "tuned[seed=3]"]);
  await end("tuned[seed=1]");
  assert.deepEqual([...running.keys()], ["tuned[seed=3]", "recall[seed=1]"]);
  await end("tuned[seed=3]");
  await end("recall[seed=1]");
  assert.deepEqual(
    [...running.keys()],
    ["recall[seed=3]"],
    "what is first in the plan comes first",
  );
  await end("recall[seed=3]");
  await end("tuned[seed=2]");
  await end("recall[seed=2]");
  assert.equal((await execution).made.length, 7);
});

Deno.test("whatever fails, every stage is computed, failed, or not run because of a failed one", async () => {
  const nodes = toyNodes(sweep);
  const labels = nodes.map(({ label }) => label);
  await fc.assert(fc.asyncProperty(fc.subarray(labels), fc.nat(3), async (bad, jobs) => {
    const { made, failed: lost, left } = await executePlan(toRun(nodes), {
      budget: { ...budget, jobs: jobs + 1 },
      resources: () => modest,
      run: async ({ label }) => {
        await Promise.resolve();
        return bad.includes(label) ? failed : done;
      },
    });
    const names = (list: readonly KeyedNode[]) => list.map(({ label }) => label);
    const reached = new Set<string>();
    for (const { label, inputs } of nodes) {
      const clean = Object.values(inputs).every((input) => reached.has(input));
      if (clean && !bad.includes(label)) reached.add(label);
      const expected = !clean ? "left" : bad.includes(label) ? "failed" : "made";
      const found = names(made).includes(label)
        ? "made"
        : names(left).includes(label)
        ? "left"
        : names(lost.map(({ node }) => node)).includes(label)
        ? "failed"
        : "nothing";
      assert.equal(found, expected, label);
    }
  }));
});
