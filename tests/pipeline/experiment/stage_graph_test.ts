import assert from "node:assert/strict";
import fc from "fast-check";
import { errorText, toyGraph } from "../../support/toy_graph.ts";

const experiment = (stages: string) => `name: x\nseed: 42\nstages:\n${stages}`;
const error = (stages: string, set: string[] = []) =>
  errorText(() => toyGraph(experiment(stages), set));
const numbers = "  numbers: { use: toy_numbers }\n";

Deno.test("a stage that reads a swept stage is swept with it", () => {
  const graph = toyGraph(experiment(
    numbers +
      "  tuned: { use: toy_train, numbers: numbers, matrix: { alignment: [none, singular], seed: [1, 2] } }\n" +
      "  recall: { use: toy_evaluate, model: tuned, numbers: numbers }\n",
  ));
  assert.deepEqual(graph.map(({ label }) => label), [
    "numbers",
    "tuned[alignment=none,seed=1]",
    "tuned[alignment=none,seed=2]",
    "tuned[alignment=singular,seed=1]",
    "tuned[alignment=singular,seed=2]",
    "recall[alignment=none,seed=1]",
    "recall[alignment=none,seed=2]",
    "recall[alignment=singular,seed=1]",
    "recall[alignment=singular,seed=2]",
  ]);
  assert.deepEqual(graph[6]!.inputs, { model: "tuned[alignment=none,seed=2]", numbers: "numbers" });
});

Deno.test("axes that two inputs share are joined, and equal names of two stages are distinguished", () => {
  const graph = toyGraph(experiment(
    "  numbers: { use: toy_numbers, matrix: { seed: [1, 2] } }\n" +
      "  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [3, 4] } }\n" +
      "  recall: { use: toy_evaluate, model: tuned, numbers: numbers }\n",
  ));
  assert.deepEqual(graph.filter(({ stage }) => stage === "recall").map(({ label }) => label), [
    "recall[numbers.seed=1,tuned.seed=3]",
    "recall[numbers.seed=1,tuned.seed=4]",
    "recall[numbers.seed=2,tuned.seed=3]",
    "recall[numbers.seed=2,tuned.seed=4]",
  ]);
});

Deno.test("stages without a seed of their own use the experiment's seed", () => {
  const graph = toyGraph(experiment(
    numbers + "  tuned: { use: toy_train, numbers: numbers, seed: 5 }\n",
  ));
  assert.deepEqual(graph.map(({ parameters }) => parameters["seed"]), [42, 5]);
});

Deno.test("stages may be in any order in the file", () => {
  const graph = toyGraph(experiment(
    "  recall: { use: toy_evaluate, model: tuned, numbers: numbers }\n" +
      "  tuned: { use: toy_train, numbers: numbers }\n" + numbers,
  ));
  assert.deepEqual(graph.map(({ label }) => label), ["numbers", "tuned", "recall"]);
});

Deno.test("an unknown reference is reported with a suggestion", () => {
  assert.equal(
    error(numbers + "  tuned: { use: toy_train, numbers: numbrs }\n"),
    "error: stage `tuned` reads `numbrs`, which no stage writes\n  --> toy.yaml:5:37\n" +
      "fix: did you mean `numbers`?",
  );
});

Deno.test("an unknown stage, parameter and axis are each reported with a suggestion", () => {
  assert.equal(
    error("  a: { use: toy_numbrs }\n"),
    "error: stage `a` uses `toy_numbrs`, which is not a known stage\n  --> toy.yaml:4:13\n" +
      "fix: did you mean `toy_numbers`?",
  );
  assert.equal(
    error("  a: { use: toy_numbers, cuont: 3 }\n"),
    "error: stage `a` (toy_numbers) has no parameter `cuont`\n  --> toy.yaml:4:26\n" +
      "fix: did you mean `count`?",
  );
  assert.equal(
    error("  a: { use: toy_numbers, matrix: { sed: [1] } }\n"),
    "error: stage `a` (toy_numbers) has no parameter `sed` to vary\n  --> toy.yaml:4:36\n" +
      "fix: did you mean `seed`?",
  );
});

Deno.test("a value of the wrong type or size is reported at its position", () => {
  assert.equal(
    error("  a: { use: toy_numbers, count: many }\n"),
    'error: `count` of stage `a` is "many"\n  --> toy.yaml:4:33\nfix: use a number',
  );
  assert.equal(
    error("  a: { use: toy_numbers, count: 0 }\n"),
    "error: `count` of stage `a` is 0\n  --> toy.yaml:4:33\nfix: use a value of at least 1",
  );
  assert.equal(
    error("  a: { use: toy_numbers, count: 1.5 }\n"),
    "error: `count` of stage `a` is 1.5\n  --> toy.yaml:4:33\nfix: use an integer",
  );
  assert.equal(
    error(
      numbers + "  b: { use: toy_train, numbers: numbers, matrix: { alignment: [none, nine] } }\n",
    ),
    'error: `alignment` of stage `b` is "nine"\n  --> toy.yaml:5:70\n' +
      'fix: use "none" or "singular" or "distributed"',
  );
});

Deno.test("an unknown key in a nested map is reported with a suggestion", () => {
  const tasks = (map: string) =>
    error(numbers + `  b: { use: toy_train, numbers: numbers, tasks: ${map} }\n`);
  assert.equal(
    tasks("{ masked_word: 1 }"),
    "error: `tasks` of stage `b` has no key `masked_word`\n  --> toy.yaml:5:64\n" +
      "fix: did you mean `masked_words`?",
  );
  assert.equal(
    tasks("{ x: 1 }"),
    "error: `tasks` of stage `b` has no key `x`\n  --> toy.yaml:5:54\n" +
      "fix: its keys are `masked_words`, `matching`",
  );
  assert.equal(
    tasks("{ matching: { evry: 1 } }"),
    "error: `tasks.matching` of stage `b` has no key `evry`\n  --> toy.yaml:5:69\n" +
      "fix: did you mean `every`?",
  );
  assert.match(tasks("{ matching: { every: 6 } }"), /is 6\n.*\nfix: use a multiple of 4$/);
});

Deno.test("a missing seed is reported with how to set one", () => {
  assert.equal(
    errorText(() => toyGraph("name: x\nstages:\n  a: { use: toy_numbers }\n")),
    "error: stage `a` (toy_numbers) needs the parameter `seed`\n  --> toy.yaml:3:3\n" +
      "fix: write `seed: 42` at the top of the experiment, or in this stage",
  );
});

Deno.test("a missing input and an input of the wrong kind are reported", () => {
  assert.equal(
    error("  b: { use: toy_train }\n"),
    "error: stage `b` (toy_train) needs the input `numbers`\n  --> toy.yaml:4:3\n" +
      "fix: write `numbers:` with the name of a stage (numbers to train on)",
  );
  assert.equal(
    error(numbers + "  c: { use: toy_evaluate, model: numbers, numbers: numbers }\n"),
    "error: `model` of stage `c` accepts model, but `numbers` writes numbers\n  --> toy.yaml:5:34\n" +
      "fix: add a stage that writes model",
  );
});

Deno.test("a cycle is shown as a path", () => {
  assert.equal(
    error(
      "  a: { use: toy_train, numbers: c }\n" +
        "  b: { use: toy_train, numbers: a }\n" +
        "  c: { use: toy_train, numbers: b }\n",
    ),
    "error: stages depend on each other in a cycle: a -> c -> b -> a\n  --> toy.yaml:5:33\n" +
      "fix: change one of them to read a stage outside the cycle",
  );
});

Deno.test("--set changes a parameter, pins an axis with a value and replaces it with a list", () => {
  const text = experiment(
    numbers + "  tuned: { use: toy_train, numbers: numbers, matrix: { seed: [1, 2] }, steps: 3 }\n",
  );
  const labels = (set: string[]) => toyGraph(text, set).slice(1).map(({ label }) => label);
  assert.deepEqual(labels(["tuned.seed=7"]), ["tuned"]);
  assert.deepEqual(labels(["tuned.seed=[7, 8]"]), ["tuned[seed=7]", "tuned[seed=8]"]);
  assert.deepEqual(labels(["tuned.seed=[7, 8]", "tuned.seed=9"]), ["tuned"]);
  assert.equal(toyGraph(text, ["tuned.steps=50"])[1]!.parameters["steps"], 50);
  assert.equal(toyGraph(text, ["seed=6"])[0]!.parameters["seed"], 6);
});

Deno.test("--set of an unknown name is reported with the option as its position", () => {
  assert.equal(
    error(numbers, ["numbrs.count=3"]),
    "error: the experiment has no stage `numbrs`\n  --> --set numbrs.count=3\n" +
      "fix: did you mean `numbers.count`?",
  );
  assert.equal(
    error(numbers, ["numbers.cuont=3"]),
    "error: stage `numbers` (toy_numbers) has no parameter `cuont`\n" +
      "  --> --set numbers.cuont=3\nfix: did you mean `count`?",
  );
  assert.equal(
    error(numbers, ["numbers.count"]),
    "error: `numbers.count` has no `=`\n  --> --set numbers.count\n" +
      "fix: write `--set stage.parameter=value`, as in `--set tuned.steps=50`",
  );
});

Deno.test("in any chain of stages, every node follows those it reads and labels are unique", () => {
  const chain = fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(chain, fc.boolean(), (widths, reversed) => {
    const lines = widths.map((width, index) => {
      const seeds = Array.from({ length: Math.min(2, width) + 1 }, (_, seed) => seed);
      const input = index === 0 ? "" : `, numbers: s${Math.floor((index - 1) / 4)}`;
      return index === 0
        ? `  s0: { use: toy_numbers, matrix: { seed: [${seeds}] } }\n`
        : `  t${index}: { use: toy_train${input}, matrix: { seed: [${seeds}] } }\n`;
    }).filter((line) => line.includes("s0"));
    const graph = toyGraph(experiment((reversed ? lines.toReversed() : lines).join("")));
    const seen = new Set<string>();
    for (const { label, inputs } of graph) {
      for (const input of Object.values(inputs)) assert.ok(seen.has(input));
      assert.ok(!seen.has(label));
      seen.add(label);
    }
  }));
});
