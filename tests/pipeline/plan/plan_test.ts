import assert from "node:assert/strict";
import fc from "fast-check";
import type { Found } from "../../../pipeline/store/artifact_store.ts";
import type { KeyedNode } from "../../../pipeline/key/key.ts";
import { type PlanOptions, planRun, sharedRunNotes, whyText } from "../../../pipeline/plan/plan.ts";
import { errorText } from "../../support/toy_graph.ts";
import { completeNodes, toyNodes } from "../../support/toy_plan.ts";

const text = (steps = 5) =>
  `name: toy
seed: 42
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, steps: ${steps}, matrix: { seed: [1, 2] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

function plan(
  nodes: readonly KeyedNode[],
  stored: ReadonlyMap<string, Found>,
  { before = [], ...options }: PlanOptions & { before?: readonly KeyedNode[] } = {},
): Record<string, string> {
  const planned = planRun(nodes, {
    find: ({ key }) => stored.get(key) ?? { state: "absent" },
    previous: ({ label }) => before.find((node) => node.label === label)?.preimage,
  }, options);
  return Object.fromEntries(
    planned.map((one) => [one.node.label, one.action === "hit" ? "hit" : whyText(one.why)]),
  );
}

Deno.test("planRun() runs everything in an empty store and nothing in a full one", () => {
  const nodes = toyNodes(text());
  assert.deepEqual(new Set(Object.values(plan(nodes, new Map()))), new Set(["not computed yet"]));
  assert.deepEqual(new Set(Object.values(plan(nodes, completeNodes(nodes)))), new Set(["hit"]));
});

Deno.test("planRun() reruns only what is downstream of a changed parameter, and says why", () => {
  const before = toyNodes(text(5));
  assert.deepEqual(plan(toyNodes(text(6)), completeNodes(before), { before }), {
    "numbers": "hit",
    "tuned[seed=1]": "steps 5 -> 6",
    "tuned[seed=2]": "steps 5 -> 6",
    "recall[seed=1]": "tuned[seed=1] will run",
    "recall[seed=2]": "tuned[seed=2] will run",
  });
});

Deno.test("planRun() reports changed code", () => {
  const before = toyNodes(text());
  const after = toyNodes(
    text(),
    new Map([["toy_numbers", "a"], ["toy_train", "b"], ["toy_evaluate", "new"]]),
  );
  assert.deepEqual(plan(after, completeNodes(before), { before }), {
    "numbers": "hit",
    "tuned[seed=1]": "hit",
    "tuned[seed=2]": "hit",
    "recall[seed=1]": "its code changed",
    "recall[seed=2]": "its code changed",
  });
});

Deno.test("planRun() recomputes a damaged result, and keeps the results computed from it", () => {
  const nodes = toyNodes(text());
  const stored = completeNodes(nodes);
  stored.set(nodes[1]!.key, { state: "broken", reason: "its file model.json is missing" });
  const decided = plan(nodes, stored);
  assert.equal(decided["tuned[seed=1]"], "damaged: its file model.json is missing");
  assert.equal(decided["recall[seed=1]"], "hit");
});

Deno.test("planRun() reruns what reads a recomputed input with a different result", () => {
  const nodes = toyNodes(text());
  const stored = completeNodes(nodes);
  const { manifest } = stored.get(nodes[1]!.key) as Extract<Found, { state: "complete" }>;
  stored.set(nodes[1]!.key, {
    state: "complete",
    manifest: { ...manifest, digest: "other" },
    touched: [],
  });
  assert.equal(plan(nodes, stored)["recall[seed=1]"], "tuned[seed=1] has a different result now");
  assert.equal(plan(nodes, stored)["recall[seed=2]"], "hit");
});

Deno.test("--force runs a stage or a single point, --only omits what is not needed", () => {
  const nodes = toyNodes(text());
  const stored = completeNodes(nodes);
  const forced = plan(nodes, stored, { force: ["tuned[seed=2]"] });
  assert.deepEqual(Object.entries(forced).filter(([, why]) => why !== "hit"), [[
    "tuned[seed=2]",
    "forced",
  ]]);
  assert.deepEqual(Object.keys(plan(nodes, stored, { only: ["recall[seed=1]"] })), [
    "numbers",
    "tuned[seed=1]",
    "recall[seed=1]",
  ]);
});

Deno.test("--force of an unknown stage is reported with a suggestion", () => {
  assert.equal(
    errorText(() => plan(toyNodes(text()), new Map(), { force: ["tuend"] })),
    "error: the experiment has no stage `tuend`\n  --> --force tuend\nfix: did you mean `tuned`?",
  );
});

Deno.test("whichever artifacts are stored, exactly the others run", () => {
  const nodes = toyNodes(text());
  const full = completeNodes(nodes);
  fc.assert(fc.property(fc.subarray(nodes), (kept) => {
    const stored = new Map(kept.map(({ key }) => [key, full.get(key)!]));
    const hits = Object.entries(plan(nodes, stored)).filter(([, why]) => why === "hit");
    assert.deepEqual(hits.map(([label]) => label), kept.map(({ label }) => label));
  }));
});

/** As if the two points of `tuned` had the same files. */
function sharedNodes(): KeyedNode[] {
  const nodes = toyNodes(text());
  const keyOf = new Map(nodes.map(({ label, key }) => [label, key]));
  return nodes.map((node) => ({
    ...node,
    key: keyOf.get(node.label.replace("seed=2", "seed=1"))!,
  }));
}

Deno.test("planRun() plans a run that several points share once, whichever of them is forced", () => {
  const nodes = sharedNodes();
  const shared = ["numbers", "tuned[seed=1]", "recall[seed=1]"];
  assert.deepEqual(Object.keys(plan(nodes, new Map())), shared);
  const stored = completeNodes(nodes);
  assert.deepEqual(plan(nodes, stored, { force: ["tuned[seed=2]"] }), {
    "numbers": "hit",
    "tuned[seed=1]": "forced",
    "recall[seed=1]": "hit",
  });
  const second = planRun(nodes, { find: () => ({ state: "absent" }), previous: () => undefined }, {
    only: ["recall[seed=2]"],
  });
  assert.deepEqual(second.map(({ node }) => node.label), [
    "numbers",
    "tuned[seed=2]",
    "recall[seed=2]",
  ]);
});

Deno.test("that points share a run is said of the stage where it begins", () => {
  assert.deepEqual(sharedRunNotes(toyNodes(text())), []);
  assert.deepEqual(sharedRunNotes(sharedNodes()), [
    "tuned: 2 points are one run: tuned[seed=1] and tuned[seed=2] have the same files",
  ]);
});
