import assert from "node:assert/strict";
import { errorText, toyGraph } from "../../support/toy_graph.ts";

const experiment = (matrix: string, rest = "") =>
  "name: x\nseed: 42\nstages:\n  numbers: { use: toy_numbers }\n" +
  `  tuned:\n    use: toy_train\n    numbers: numbers\n    matrix:\n      ${matrix}\n${rest}`;
const lines = (...each: string[]) => each.join("\n      ");
const points = (matrix: string, set: string[] = [], rest = "") =>
  toyGraph(experiment(matrix, rest), set)
    .flatMap(({ stage, label }) => stage === "tuned" ? [label.slice("tuned".length)] : []);
const error = (matrix: string, set: string[] = []) =>
  errorText(() => toyGraph(experiment(matrix), set));
const cross = lines("alignment: [none, singular]", "seed: [1, 2]");

Deno.test("an axis may be a range", () => {
  assert.deepEqual(points("seed: { from: 1, to: 3 }"), ["[seed=1]", "[seed=2]", "[seed=3]"]);
  assert.equal(
    error("seed: { from: 3, to: 1 }"),
    "error: `seed` in the matrix of stage `tuned`: a range goes from 3 to 1\n" +
      "  --> toy.yaml:9:28\nfix: start with the smaller number",
  );
});

Deno.test("exclude removes every point that it matches", () => {
  assert.deepEqual(points(lines(cross, "exclude: [{ alignment: none, seed: 2 }]")), [
    "[alignment=none,seed=1]",
    "[alignment=singular,seed=1]",
    "[alignment=singular,seed=2]",
  ]);
  assert.deepEqual(points(lines(cross, "exclude: [{ seed: 2 }, { alignment: none }]")), [
    "[alignment=singular,seed=1]",
  ]);
});

Deno.test("an exclude that matches nothing or everything is an error", () => {
  assert.equal(
    error(lines(cross, "exclude: [{ alignment: none, seed: 3 }]")),
    "error: `exclude` of stage `tuned` matches no point: `seed` is never 3\n" +
      "  --> toy.yaml:11:42\nfix: use a value of the axis, or remove the entry",
  );
  assert.equal(
    error(lines(cross, "exclude: [{ steps: 3 }]")),
    "error: `exclude` of stage `tuned` names `steps`, which is not an axis of its matrix\n" +
      "  --> toy.yaml:11:19\nfix: the axes are `alignment`, `seed`",
  );
  assert.equal(
    error(lines(cross, "exclude: [{ seed: 1 }, { seed: 2 }]")),
    "error: the matrix of stage `tuned` has no points left\n  --> toy.yaml:5:3\n" +
      "fix: exclude fewer points",
  );
});

Deno.test("include adds a point with a value for every axis, even a new value", () => {
  assert.deepEqual(
    points(lines(cross, "include: [{ alignment: distributed, seed: 9 }]")).at(-1),
    [
      "[alignment=distributed,seed=9]",
    ][0],
  );
  assert.equal(points(lines(cross, "include: [{ alignment: distributed, seed: 9 }]")).length, 5);
});

Deno.test("include sets parameters of the points that it matches; later entries override earlier ones", () => {
  const text = experiment(lines(
    cross,
    "include:",
    "  - { alignment: singular, steps: 7 }",
    "  - { alignment: singular, seed: 2, steps: 8, checkpoint: 3 }",
    "  - { alignment: distributed, seed: 1, steps: 9 }",
  ));
  assert.deepEqual(
    toyGraph(text).slice(1).map(({ label, parameters: { steps, checkpoint } }) => [
      label.slice("tuned".length),
      steps,
      checkpoint,
    ]),
    [
      ["[alignment=none,seed=1]", 20, 5],
      ["[alignment=none,seed=2]", 20, 5],
      ["[alignment=singular,seed=1]", 7, 5],
      ["[alignment=singular,seed=2]", 8, 3],
      ["[alignment=distributed,seed=1]", 9, 5],
    ],
  );
});

Deno.test("an include without effect is an error", () => {
  const included = (entry: string) => error(lines(cross, `include: [${entry}]`));
  assert.equal(
    included("{ alignment: none, seed: 2 }"),
    "error: an entry of `include` of stage `tuned` is already a point of the matrix\n" +
      "  --> toy.yaml:11:17\nfix: remove it",
  );
  assert.equal(
    included("{ alignment: none }"),
    "error: an entry of `include` of stage `tuned` adds nothing\n  --> toy.yaml:11:17\n" +
      "fix: add a value for `seed`, or a parameter",
  );
  assert.equal(
    included("{ seed: 3, steps: 4 }"),
    "error: an entry of `include` of stage `tuned` matches no point\n  --> toy.yaml:11:17\n" +
      "fix: add a value for `alignment` to add a point",
  );
  assert.equal(
    included("{ seed: 1, stepz: 4 }"),
    "error: stage `tuned` (toy_train) has no parameter `stepz` to vary\n  --> toy.yaml:11:28\n" +
      "fix: did you mean `steps`?",
  );
  assert.equal(
    included("{ seed: 1, steps: few }"),
    'error: `steps` of stage `tuned` is "few"\n  --> toy.yaml:11:35\nfix: use a number',
  );
  assert.equal(
    included("{ alignment: nonne, seed: 1 }"),
    'error: `alignment` of stage `tuned` is "nonne"\n  --> toy.yaml:11:30\n' +
      'fix: use "none" or "singular" or "distributed"',
  );
});

Deno.test("without axes, include lists every point", () => {
  const listed = "include: [{ alignment: none, seed: 1 }, { seed: 5, alignment: singular }]";
  assert.deepEqual(points(listed), ["[alignment=none,seed=1]", "[alignment=singular,seed=5]"]);
  assert.deepEqual(points(listed, ["tuned.alignment=[singular]"]), ["[alignment=singular,seed=5]"]);
  assert.match(error("include: [{ seed: 1 }, { steps: 3 }]"), /same axes as the first/);
  assert.match(error("include: [{ seed: 1 }, { seed: 1 }]"), /already a point of the matrix/);
  assert.match(error("include: 5"), /`include` in the matrix .* is not a list of points/);
  assert.match(error("exclude: [{ seed: 1 }]"), /`matrix` of stage `tuned` has no axis/);
});

Deno.test("--set narrows a sweep, and include and exclude still apply to the rest", () => {
  const matrix = lines(
    cross,
    "exclude: [{ alignment: none, seed: 2 }]",
    "include: [{ alignment: distributed, seed: 1 }, { alignment: singular, steps: 7 }]",
  );
  assert.deepEqual(points(matrix, ["tuned.alignment=none"]), ["[seed=1]"]);
  assert.deepEqual(points(matrix, ["tuned.alignment=[singular]"]), [
    "[alignment=singular,seed=1]",
    "[alignment=singular,seed=2]",
  ]);
  assert.deepEqual(points(matrix, ["tuned.seed={ from: 1, to: 1 }"]), [
    "[alignment=none,seed=1]",
    "[alignment=singular,seed=1]",
    "[alignment=distributed,seed=1]",
  ]);
  assert.deepEqual(points(matrix, ["tuned.seed=2", "tuned.seed=[1]"]).length, 3);
});

Deno.test("a matrix of a billion points is rejected before it is expanded", () => {
  const thousand = "{ from: 1, to: 1000 }";
  assert.equal(
    error(lines(`seed: ${thousand}`, `steps: ${thousand}`, `checkpoint: ${thousand}`)),
    "error: with stage `tuned` the experiment has more than 100000 points\n  --> toy.yaml:5:3\n" +
      "fix: vary fewer parameters at once",
  );
});

Deno.test("a sweep of a sweep is rejected when it has too many points", () => {
  const text = "name: x\nseed: 1\nstages:\n" +
    "  a: { use: toy_numbers, matrix: { seed: { from: 1, to: 400 } } }\n" +
    "  b: { use: toy_train, numbers: a, matrix: { steps: { from: 1, to: 400 } } }\n";
  assert.match(errorText(() => toyGraph(text)), /^error: with stage `b` the experiment has more/);
});
