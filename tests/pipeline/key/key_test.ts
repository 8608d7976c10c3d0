import assert from "node:assert/strict";
import { keyNodes, keyOf, type Preimage } from "../../../pipeline/key/key.ts";
import { toyGraph } from "../../support/toy_graph.ts";

const preimage: Preimage = {
  engine: 1,
  stage: "fine_tune",
  code: "c0de",
  parameters: { alignment: "none", seed: 1, steps: 400 },
  inputs: { features: "f", weights: "w" },
  compute: { device: "cpu", library: "2.21.0" },
};

Deno.test("keys do not change between versions", () => {
  assert.equal(keyOf(preimage), "0ed4598abd0f2000715dd036f5845dbdf0745f873a1f2cc1f1c1e31b5b4e1e34");
});

Deno.test("every part of the preimage affects the key", () => {
  const keys = [
    preimage,
    { ...preimage, engine: 2 },
    { ...preimage, stage: "pretrain" },
    { ...preimage, code: "c0df" },
    { ...preimage, parameters: { ...preimage.parameters, steps: 401 } },
    { ...preimage, inputs: { features: "w", weights: "f" } },
    { ...preimage, compute: { device: "gpu", library: "2.21.0" } },
    { ...preimage, compute: null },
  ].map(keyOf);
  assert.equal(new Set(keys).size, keys.length);
});

const code = new Map([["toy_numbers", "a"], ["toy_train", "b"], ["toy_evaluate", "c"]]);
const text = (name: string, steps: number) =>
  `name: ${name}
seed: 42
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, steps: ${steps}, matrix: { seed: [1, 2] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;
const keysOf = (yaml: string, compute: Record<string, string> = {}) =>
  new Map(keyNodes(toyGraph(yaml), { code, compute }).map(({ label, key }) => [label, key]));

Deno.test("the same point has the same key in two experiments", () => {
  assert.deepEqual(keysOf(text("one", 5)), keysOf(text("two", 5)));
});

Deno.test("an explicit default value gives the same key as an omitted one", () => {
  const written = text("one", 5).replace("toy_numbers }", "toy_numbers, count: 10 }");
  assert.deepEqual(keysOf(written), keysOf(text("one", 5)));
});

Deno.test("a parameter changes the keys of its stage and of everything downstream, and nothing upstream", () => {
  const [before, after] = [keysOf(text("one", 5)), keysOf(text("one", 6))];
  const changed = [...before].filter(([label, key]) => after.get(label) !== key).map(([l]) => l);
  assert.deepEqual(changed, [
    "tuned[seed=1]",
    "tuned[seed=2]",
    "recall[seed=1]",
    "recall[seed=2]",
  ]);
});

Deno.test("the compute fingerprint is only in the keys of computing stages", () => {
  const [before, after] = [keysOf(text("one", 5)), keysOf(text("one", 5), { threads: "3" })];
  const same = [...before].filter(([label, key]) => after.get(label) === key).map(([l]) => l);
  assert.deepEqual(same, ["numbers"]);
});
