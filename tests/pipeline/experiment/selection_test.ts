import assert from "node:assert/strict";
import fc from "fast-check";
import { keyNodes } from "../../../pipeline/key/key.ts";
import { planRun } from "../../../pipeline/plan/plan.ts";
import { selectNodes } from "../../../pipeline/experiment/selection.ts";
import { errorText, toyGraph } from "../../support/toy_graph.ts";
import { completeNodes, toyNodes } from "../../support/toy_plan.ts";

const text = (matrix: string, name = "x") =>
  `name: ${name}\nseed: 42\nstages:\n  numbers: { use: toy_numbers }\n` +
  `  tuned: { use: toy_train, numbers: numbers, matrix: ${matrix} }\n` +
  "  recall: { use: toy_evaluate, model: tuned, numbers: numbers }\n";
const sweep = text("{ alignment: [none, singular], seed: [1, 2] }");
const select = (name: string, from = sweep) => [...selectNodes(toyGraph(from), "--only", [name])];
const error = (name: string) => errorText(() => select(name));

Deno.test("a point is named by its values in any order, and several points by fewer values", () => {
  const one = ["tuned[alignment=singular,seed=1]"];
  assert.deepEqual(select("tuned[alignment=singular,seed=1]"), one);
  assert.deepEqual(select("tuned[seed=1,alignment=singular]"), one);
  assert.deepEqual(select('tuned[ seed = 1.0, alignment = "singular" ]'), one);
  assert.deepEqual(select("tuned[seed=2]"), [
    "tuned[alignment=none,seed=2]",
    "tuned[alignment=singular,seed=2]",
  ]);
  assert.equal(select("tuned").length, 4);
  assert.deepEqual(select("numbers"), ["numbers"]);
});

Deno.test("a name that matches no point is reported with a suggestion", () => {
  assert.equal(
    error("tuend[seed=1]"),
    "error: the experiment has no stage `tuend`\n  --> --only tuend[seed=1]\n" +
      "fix: did you mean `tuned[seed=1]`?",
  );
  assert.equal(
    error("tuned[sed=1]"),
    "error: stage `tuned` is not swept over `sed`\n  --> --only tuned[sed=1]\n" +
      "fix: did you mean `seed`?",
  );
  assert.equal(
    error("numbers[seed=1]"),
    "error: stage `numbers` is not swept over `seed`\n  --> --only numbers[seed=1]\n" +
      "fix: write `numbers`; it has no axes",
  );
  assert.equal(
    error("tuned[seed=3,alignment=none]"),
    "error: no point of stage `tuned` has the value 3 for `seed`\n" +
      "  --> --only tuned[seed=3,alignment=none]\nfix: did you mean `1`?",
  );
  for (
    const name of ["tuned[0]", "tuned[]", "tuned[seed=1", "tuned[seed=1,]", "tuned[seed=1,seed=2]"]
  ) {
    assert.equal(
      error(name),
      `error: \`${name}\` does not select points of \`tuned\`\n  --> --only ${name}\n` +
        "fix: write `tuned[alignment=singular,seed=2]`, or fewer values to select all points " +
        "that have them",
    );
  }
});

Deno.test("every node is selected by its own label", () => {
  const graph = toyGraph(sweep);
  fc.assert(fc.property(fc.constantFrom(...graph), ({ label }) => {
    assert.deepEqual(select(label), [label]);
  }));
});

Deno.test("--only and --force select points by their values, and --only includes what they need", () => {
  const nodes = toyNodes(sweep);
  const stored = completeNodes(nodes);
  const find = { find: ({ key }: { key: string }) => stored.get(key)!, previous: () => undefined };
  const plan = planRun(nodes, find, {
    only: ["recall[seed=1]"],
    force: ["tuned[seed=1,alignment=none]"],
  });
  assert.deepEqual(plan.map(({ node: { label }, action }) => `${action} ${label}`), [
    "hit numbers",
    "run tuned[alignment=none,seed=1]",
    "hit tuned[alignment=singular,seed=1]",
    "hit recall[alignment=none,seed=1]",
    "hit recall[alignment=singular,seed=1]",
  ]);
});

Deno.test("a point has the same key in every experiment and notation", () => {
  const code = new Map(["toy_numbers", "toy_train", "toy_evaluate"].map((name) => [name, name]));
  const keys = (from: string, set: string[] = []) =>
    new Map(
      keyNodes(toyGraph(from, set), { code, compute: {} }).map(({ label, key }) => [label, key]),
    );
  const key = keys(sweep).get("recall[alignment=none,seed=2]");
  const same = (matrix: string, label: string, set: string[] = []) =>
    assert.equal(keys(text(matrix, "other"), set).get(label), key);
  same("{ seed: { from: 1, to: 9 } }", "recall[seed=2]");
  same(
    "{ seed: { from: 1, to: 2, count: 2 }, alignment: [none] }",
    "recall[seed=2,alignment=none]",
  );
  same("{ include: [{ alignment: none, seed: 2 }] }", "recall[alignment=none,seed=2]");
  same(
    "{ alignment: [singular], seed: [5], include: [{ alignment: none, seed: 2 }] }",
    "recall[alignment=none,seed=2]",
  );
  same("{ seed: [1, 2], include: [{ seed: 2, alignment: none }] }", "recall[seed=2]");
  same("{ alignment: [none, singular], seed: [1, 2] }", "recall", [
    "tuned.alignment=none",
    "tuned.seed=2",
  ]);
  same("{ alignment: [singular], seed: [2] }", "recall[alignment=none,seed=2]", [
    "tuned.alignment=[none]",
  ]);
});
