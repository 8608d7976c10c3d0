/** Stages that gather: `toy_choose` is the product's `choose`, over toy stages. */
import assert from "node:assert/strict";
import { errorText, toyGraph } from "../../support/toy_graph.ts";

const tuned = (matrix: string) =>
  `name: x
seed: 42
stages:
  numbers: { use: toy_numbers }
  tuned: { use: toy_train, numbers: numbers, matrix: ${matrix} }
  on_val: { use: toy_evaluate, model: tuned, numbers: numbers, split: val }
`;
const swept = tuned("{ alignment: [none, singular], steps: [9, 3], seed: [1, 2] }");
const best = (along: string, more = "") =>
  `  best: { use: toy_choose, from: tuned, by: on_val, metric: t2i_r1, along: ${along}${more} }\n`;
const recall = "  recall: { use: toy_evaluate, model: best, numbers: numbers, split: test }\n";
const error = (text: string, set: string[] = []) => errorText(() => toyGraph(text, set));
const ofStage = (text: string, stage: string, set: string[] = []) =>
  toyGraph(text, set).filter((node) => node.stage === stage);

Deno.test("a choice has a point for the axes that it does not choose along, and reads all others", () => {
  const chosen = ofStage(swept + best("[steps]"), "best");
  assert.deepEqual(chosen.map(({ label }) => label), [
    "best[alignment=none,seed=1]",
    "best[alignment=none,seed=2]",
    "best[alignment=singular,seed=1]",
    "best[alignment=singular,seed=2]",
  ]);
  const [, second] = chosen;
  assert.deepEqual(second!.inputs, {
    "from[steps=9]": "tuned[alignment=none,steps=9,seed=2]",
    "by[steps=9]": "on_val[alignment=none,steps=9,seed=2]",
    "from[steps=3]": "tuned[alignment=none,steps=3,seed=2]",
    "by[steps=3]": "on_val[alignment=none,steps=3,seed=2]",
  });
  assert.deepEqual(second!.point, { alignment: "none", seed: 2 });
  // In the order of the file, which decides between equal candidates and is part of the key.
  assert.deepEqual(second!.parameters["candidates"], [{ steps: 9 }, { steps: 3 }]);
});

Deno.test("what reads a choice is swept over the remaining axes", () => {
  assert.deepEqual(
    ofStage(swept + best("[steps]") + recall, "recall").map(({ label, inputs }) => [
      label,
      inputs["model"],
    ]),
    ["none,seed=1", "none,seed=2", "singular,seed=1", "singular,seed=2"].map((point) => [
      `recall[alignment=${point}]`,
      `best[alignment=${point}]`,
    ]),
  );
});

Deno.test("a choice along several axes takes one point from their product", () => {
  const [only, ...others] = ofStage(swept + best("[seed, steps, alignment]"), "best");
  assert.deepEqual(others, []);
  assert.equal(only!.label, "best");
  assert.deepEqual(
    (only!.parameters["candidates"] as object[]).slice(0, 3),
    [
      { alignment: "none", steps: 9, seed: 1 },
      { alignment: "none", steps: 9, seed: 2 },
      { alignment: "none", steps: 3, seed: 1 },
    ],
  );
  assert.equal(only!.inputs["by[alignment=singular,steps=3,seed=2]"]?.slice(0, 6), "on_val");
});

Deno.test("axes can be named with their stage, and are where two stages vary the same parameter", () => {
  const two = "name: x\nseed: 42\nstages:\n" +
    "  numbers: { use: toy_numbers, matrix: { seed: [1, 2] } }\n" +
    "  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [3, 4] } }\n" +
    "  on_val: { use: toy_evaluate, model: tuned, numbers: numbers, split: val }\n";
  const chosen = ofStage(two + best("[tuned.seed]"), "best");
  assert.deepEqual(chosen.map(({ label }) => label), ["best[seed=1]", "best[seed=2]"]);
  assert.ok("from[tuned.seed=3]" in chosen[0]!.inputs);
  assert.match(
    error(two + best("[seed]")),
    /along `seed`, but `tuned` is not swept over it[^]*`numbers.seed`, `tuned.seed`/,
  );
});

Deno.test("an axis that the command line pins leaves one candidate", () => {
  const [first] = ofStage(swept + best("[steps]"), "best", ["tuned.steps=3"]);
  assert.deepEqual(first!.inputs, {
    from: "tuned[alignment=none,seed=1]",
    by: "on_val[alignment=none,seed=1]",
  });
  assert.deepEqual(first!.parameters["candidates"], [{}]);
});

Deno.test("an unknown axis is reported with a suggestion", () => {
  assert.equal(
    error(swept + best("[alignment, stepz]")),
    "error: stage `best` reads all points along `stepz`, but `tuned` is not swept over it\n" +
      "  --> toy.yaml:7:88\nfix: did you mean `steps`?",
  );
  const plain = swept.replace(/, matrix: .*\}/, " }");
  assert.match(
    error(plain + best("[steps]")),
    /fix: give `tuned` a matrix with the values to choose from$/,
  );
});

Deno.test("a choice by an evaluation of other models, or of some points only, is an error", () => {
  const other = swept +
    "  other: { use: toy_train, numbers: numbers, matrix: { steps: [9, 3] } }\n" +
    "  on_other: { use: toy_evaluate, model: other, numbers: numbers, split: val }\n";
  assert.equal(
    error(other + best("[steps]").replace("by: on_val", "by: on_other")),
    "error: `by` of stage `best` names `on_other`, which does not read `tuned`\n" +
      "  --> toy.yaml:9:45\n" +
      "fix: `on_other` has to read `tuned`, once for each of its points",
  );
  const twice = swept.replace(
    "split: val }",
    "matrix: { split: [val], recall_at: [1, 5] } }",
  );
  assert.match(error(twice + best("[steps]")), /no parameter `recall_at`/);
  const splits = swept.replace("numbers: numbers, split: val }", "numbers: again, split: val }")
    .replace("  on_val", "  again: { use: toy_numbers, matrix: { seed: [5, 6] } }\n  on_val");
  assert.match(
    error(splits + best("[steps]")),
    /names `on_val`, which reads tuned\[alignment=none,steps=9,seed=1\] at several points of its own/,
  );
});

Deno.test("every variant has to have the same candidates", () => {
  const unequal = tuned(
    "{ alignment: [none, singular], steps: [9, 3], exclude: [{ alignment: none, steps: 3 }] }",
  );
  assert.equal(
    error(unequal + best("[steps]")),
    "error: stage `best` has fewer points to choose from for some variants: `tuned` has " +
      "tuned[alignment=none,steps=9], but no such point with steps=3\n  --> toy.yaml:7:34\n" +
      "fix: give every variant of `tuned` the same points, so that all have the same budget",
  );
});

Deno.test("choosing by test results is an error before anything runs", () => {
  const tested = swept.replace("split: val", "split: test");
  assert.equal(
    error(tested + best("[steps]")),
    "error: `by` of stage `best` names `on_val`, which measures on `test`\n  --> toy.yaml:7:45\n" +
      "fix: choose by an evaluation with `split: val`: results on the split that decided would " +
      "look too good",
  );
  assert.match(
    error(swept + best("[steps]", ", split: test")),
    /`split` of stage `best` is "test"[^]*fix: use another split, such as val$/,
  );
});

Deno.test("axes are named once, and at least one", () => {
  assert.match(error(swept + best("[]")), /fix: use at least one axis$/);
  assert.match(error(swept + best("[steps, steps]")), /fix: use each axis only once$/);
});
