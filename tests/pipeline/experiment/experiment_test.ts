import assert from "node:assert/strict";
import { readExperiment } from "../../../pipeline/experiment/experiment.ts";
import { errorText } from "../../support/toy_graph.ts";

const none = () => undefined;
const read = (text: string, environment: (name: string) => string | undefined = none) =>
  readExperiment(text, "e.yaml", environment);
const error = (text: string) => errorText(() => read(text));
const stage = "stages: { a: { use: toy_numbers } }";

Deno.test("an experiment is read with the position of every value", () => {
  const { name, seed, stages } = read(`name: x\nseed: 4\nstages:\n  a: { use: u, b: [1, 2] }\n`);
  assert.equal(name, "x");
  assert.equal(seed?.value, 4);
  const b = stages[0]!.settings.get("b")!;
  assert.deepEqual(b.keyPlace, { file: "e.yaml", line: 4, column: 16 });
  assert.deepEqual(b.at([1]), { file: "e.yaml", line: 4, column: 23 });
});

Deno.test("a file that is not an experiment gives one error", () => {
  assert.equal(
    error("  \n"),
    "error: the experiment file is empty\n  --> e.yaml\n" +
      "fix: write `name`, `seed` and `stages`; experiments/smoke.yaml is a short example",
  );
  assert.equal(
    error("\x89PNG\0\ufffd"),
    "error: this is not a text file in UTF-8\n  --> e.yaml\nfix: give a YAML experiment file",
  );
  assert.equal(
    error("- 1\n- 2\n"),
    "error: the experiment is not a map of `name`, `seed` and `stages`\n  --> e.yaml:1:1\n" +
      "fix: experiments/smoke.yaml is a short example",
  );
  assert.equal(
    error("x".repeat((1 << 21) + 1)),
    "error: the experiment file is larger than 2 MiB (2097153 characters)\n  --> e.yaml\n" +
      "fix: keep data out of the experiment file; refer to files instead",
  );
});

Deno.test("several duplicate keys are reported at once", () => {
  assert.equal(
    error("name: x\nname: y\nstages:\n  a: { use: u }\n  a: { use: u }\n"),
    "error: duplicate key\n  --> e.yaml:2:1\nfix: remove one of the two\n\n" +
      "error: duplicate key\n  --> e.yaml:5:3\nfix: remove one of the two",
  );
});

Deno.test("a tab as indentation gives its own error", () => {
  assert.match(
    error("name: x\nstages:\n\ta: { use: u }\n"),
    /this line is indented with a tab\n {2}--> e\.yaml:3:1/,
  );
});

Deno.test("an unknown key is reported with a suggestion", () => {
  assert.equal(
    error(`name: x\nsede: 3\n${stage}\n`),
    "error: the experiment has no key `sede`\n  --> e.yaml:2:1\nfix: did you mean `seed`?",
  );
  assert.equal(
    error(`name: x\n${stage}\nreport: { baselin: {} }\n`),
    "error: `report` has no key `baselin`\n  --> e.yaml:3:20\nfix: did you mean `baseline`?",
  );
});

Deno.test("a missing name, missing stages and a stage without `use` are each reported", () => {
  assert.equal(
    error("seed: 1\n"),
    "error: the experiment has no name\n  --> e.yaml\n" +
      "fix: use letters, digits, `_`, `-` and `.`, as in `name: my_experiment`\n\n" +
      "error: the experiment has no stages\n  --> e.yaml\n" +
      "fix: write `stages:` followed by lines such as `scenes: { use: make_scenes }`",
  );
  assert.equal(
    error("name: x\nstages:\n  a: { count: 1 }\n"),
    "error: stage `a` has no `use`\n  --> e.yaml:3:3\n" +
      "fix: name a kind of stage, as in `a: { use: make_scenes }`",
  );
  assert.equal(
    error("name: x\nstages:\n  a: 5\n"),
    "error: stage `a` is not a map\n  --> e.yaml:3:6\nfix: write `a: { use: … }`",
  );
});

Deno.test("an axis of a matrix is a list of distinct plain values", () => {
  const matrix = (axis: string) => error(`name: x\nstages:\n  a: { use: u, matrix: ${axis} }\n`);
  assert.equal(
    matrix("{ seed: 3 }"),
    "error: `seed` in the matrix of stage `a` is not a list of values\n  --> e.yaml:3:32\n" +
      "fix: write `seed: [first, second]`, or a range: `seed: { from: 1, to: 5 }`",
  );
  assert.equal(
    matrix("{ seed: [1, 2, 1] }"),
    "error: `seed` in the matrix of stage `a` lists 1 twice\n  --> e.yaml:3:32\n" +
      "fix: list each value once",
  );
  assert.equal(
    matrix("[1]"),
    "error: `matrix` of stage `a` is not a map of lists\n  --> e.yaml:3:24\n" +
      "fix: write `matrix: { seed: [1, 2, 3] }`",
  );
});

Deno.test("an empty variable takes its default, as in a shell", () => {
  const text = 'name: x\nstages: { a: { use: u, d: "${EMPTY:-7}/x", e: "${EMPTY}" } }';
  const experiment = readExperiment(text, "e.yaml", (name) => name === "EMPTY" ? "" : undefined);
  const { settings } = experiment.stages[0]!;
  assert.equal(settings.get("d")!.value, "7/x");
  assert.ok([null, ""].includes(settings.get("e")!.value as null));
});

Deno.test("variables come from the environment; a value that is one variable is typed as in YAML", () => {
  const environment = (name: string) => ({ COUNT: "12", HOME: "/h" })[name];
  const text = 'name: x\nstages: { a: { use: u, n: "${COUNT}", p: "${HOME}/d", d: "${NO:-7}" } }';
  const { settings } = read(text, environment).stages[0]!;
  assert.deepEqual([...settings.values()].map(({ value }) => value), [12, "/h/d", 7]);
});

Deno.test("an unset variable is an error at its position", () => {
  assert.equal(
    error('name: x\nstages: { a: { use: u, n: "${COUNT}" } }'),
    "error: the environment variable COUNT is not set\n  --> e.yaml:2:27\n" +
      "fix: set it, or write a default: ${COUNT:-value}",
  );
});

Deno.test("alias bombs and deep nesting are rejected, not expanded", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) {
    const [name, below] = ["abcdefghi"[i], "abcdefghi"[i - 1]];
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${below}`)}]`);
  }
  assert.match(
    error(bomb.join("\n")),
    /^error: with aliases expanded, this contains more than 200000 values\n {2}--> e\.yaml:6:/,
  );
  assert.match(error("a: " + "[".repeat(50_000)), /nested deeper than 64 levels/);
  assert.match(error("- ".repeat(50_000) + "a"), /nested deeper than 64 levels/);
});

Deno.test("only the first syntax error is reported", () => {
  const text = "name: x\nstages:\n  a:\n\tuse: u\n   b: [\n c: }\n";
  assert.equal(
    error(text),
    "error: this line is indented with a tab\n  --> e.yaml:4:1\n" +
      "fix: indent with spaces; YAML forbids tabs",
  );
});

Deno.test("an alias inside its own anchor, or without an anchor, is reported at its position", () => {
  assert.equal(
    error("name: x\nstages:\n  a: &s { use: u, b: *s }\n"),
    "error: the alias `*s` is inside the value that it refers to\n  --> e.yaml:3:22\n" +
      "fix: write the value itself",
  );
  assert.match(
    error("name: x\nstages:\n  a: { use: u, b: *t }\n"),
    /`&t`.*\n {2}--> e\.yaml:3:19\n/s,
  );
});

Deno.test("a baseline that no stage sweeps is reported with a suggestion", () => {
  const text = (baseline: string) =>
    "name: x\nstages:\n  a: { use: u, matrix: { alignment: [none, singular] } }\n" +
    `report: { baseline: ${baseline} }\n`;
  assert.equal(
    error(text("{ alignment: nonne }")),
    "error: no stage sweeps `alignment` over `nonne`\n  --> e.yaml:4:34\nfix: did you mean `none`?",
  );
  assert.equal(
    error(text("{ alignmnt: none }")),
    "error: the baseline names `alignmnt`, which no stage sweeps\n  --> e.yaml:4:33\n" +
      "fix: did you mean `alignment`?",
  );
  assert.equal(read(text("{ alignment: none }")).report.baseline["alignment"], "none");
});
