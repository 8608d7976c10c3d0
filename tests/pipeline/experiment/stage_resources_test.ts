import assert from "node:assert/strict";
import { toyNodes } from "../../support/toy_plan.ts";
import { resourcesOf } from "../../../pipeline/run/resources.ts";
import { errorText, toyGraph } from "../../support/toy_graph.ts";

const experiment = (resources: string) => `
name: toy
seed: 1
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers${resources} }
`;

Deno.test("an experiment sets the resources of a stage, and no key depends on them", () => {
  const [, plain] = toyNodes(experiment(""));
  const [, tuned] = toyNodes(experiment(", resources: { memory: 8 GB, gpus: 2 }"));
  assert.equal(tuned!.key, plain!.key);
  assert.deepEqual(resourcesOf(tuned!, { threads: 4 }), { threads: 4, memory: 8e9, gpus: 2 });
  assert.deepEqual(resourcesOf(plain!, { threads: 4 }), { threads: 4, memory: 0, gpus: 0 });
  const [numbers] = toyNodes(experiment(""));
  assert.deepEqual(resourcesOf(numbers!, { threads: 4 }), { threads: 1, memory: 0, gpus: 0 });
});

Deno.test("a stage that computes on a GPU has at least one, whatever the experiment says", () => {
  const [, tuned] = toyNodes(experiment(", resources: { gpus: 0 }"));
  const on = (device: string) =>
    resourcesOf({ ...tuned!, preimage: { ...tuned!.preimage, compute: { device } } }, {
      threads: 1,
    }).gpus;
  assert.deepEqual([on("gpu"), on("cpu")], [1, 0]);
});

Deno.test("an unknown resource and an invalid size are reported at their position", () => {
  const error = (resources: string) => errorText(() => toyGraph(experiment(resources)));
  assert.equal(
    error(", resources: { memroy: 8 GB }"),
    "error: stages have no resource `memroy`\n  --> toy.yaml:6:67\nfix: did you mean `memory`?",
  );
  assert.equal(
    error(", resources: { memory: 8 }"),
    "error: `memory` of stage `tuned` is 8\n  --> toy.yaml:6:67\nfix: use a size such as `8 GB`",
  );
  assert.equal(
    error(", resources: { threads: 2 }"),
    "error: stages have no resource `threads`\n  --> toy.yaml:6:68\n" +
      "fix: all computing stages use the same number: write `threads: N` next to `stages`",
  );
  assert.match(
    error(", resources: much"),
    /^error: `resources` of stage `tuned` is "much", not a map\n/,
  );
});
