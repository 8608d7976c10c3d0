import assert from "node:assert/strict";
import { readExperiment } from "../../../pipeline/experiment/experiment.ts";
import { errorText } from "../../support/toy_graph.ts";

const none = () => undefined;
const read = (text: string, environment: (name: string) => string | undefined = none) =>
  readExperiment(text, "e.yaml", environment);
const error = (text: string) => errorText(() => read(text));
const stage = "stages: { a: { use: toy_numbers } }";

Deno.test("an experiment is read with the place of every value", () => {
  const { name, seed, stages } = read(`name: x\nseed: 4\nstages:\n  a: { use: u, b: [1, 2] }\n`);
  assert.equal(name, "x");
  assert.equal(seed?.value, 4);
  const b = stages[0]!.settings.get("b")!;
  assert.deepEqual(b.keyPlace, { file: "e.yaml", line: 4, column: 16 });
  assert.deepEqual(b.at([1]), { file: "e.yaml", line: 4, column: 23 });
});

Deno.test("a file that is no experiment is refused with one error", () => {
  assert.equal(
    error("  \n"),
    "error: the experiment file is empty\n  --> e.yaml\n" +
      "fix: write `name`, `seed` and `stages`; experiments/smoke.yaml is a short example",
  );
  assert.equal(
    error("\x89PNG\0\ufffd"),
    "error: this is not a text file in UTF-8\n  --> e.yaml\nfix: name a YAML experiment file",
  );
  assert.equal(
    error("- 1\n- 2\n"),
    "error: the experiment is not a map of `name`, `seed` and `stages`\n  --> e.yaml:1:1\n" +
      "fix: experiments/smoke.yaml is a short example",
  );
  assert.equal(
    error("x".repeat((1 << 21) + 1)),
    "error: the experiment file is larger than 2 MiB (2097153 characters)\n  --> e.yaml\n" +
      "fix: keep data out of the experiment file; name files instead",
  );
});

Deno.test("several YAML errors are told at once", () => {
  assert.equal(
    error("name: x\nname: y\nstages:\n  a: { use: u }\n  a: { use: u }\n"),
    "error: this key stands here twice\n  --> e.yaml:2:1\nfix: keep one of the two\n\n" +
      "error: this key stands here twice\n  --> e.yaml:5:3\nfix: keep one of the two",
  );
});

Deno.test("a tab as indentation is named", () => {
  assert.match(
    error("name: x\nstages:\n\ta: { use: u }\n"),
    /a tab indents this line\n {2}--> e\.yaml:3:1/,
  );
});

Deno.test("an unknown key is told with what was meant", () => {
  assert.equal(
    error(`name: x\nsede: 3\n${stage}\n`),
    "error: the experiment has no key `sede`\n  --> e.yaml:2:1\nfix: did you mean `seed`?",
  );
  assert.equal(
    error(`name: x\n${stage}\nreport: { baselin: {} }\n`),
    "error: `report` has no key `baselin`\n  --> e.yaml:3:20\nfix: did you mean `baseline`?",
  );
});

Deno.test("a missing name, missing stages and a stage without `use` are each told", () => {
  assert.equal(
    error("seed: 1\n"),
    "error: the experiment has no name\n  --> e.yaml\n" +
      "fix: write `name:` with letters, digits, `_`, `-` and `.`\n\n" +
      "error: the experiment has no stages\n  --> e.yaml\n" +
      "fix: write `stages:` and below it lines such as `scenes: { use: make_scenes }`",
  );
  assert.equal(
    error("name: x\nstages:\n  a: { count: 1 }\n"),
    "error: stage `a` does not say which stage it uses\n  --> e.yaml:3:3\n" +
      "fix: write `use:` and the name of a stage, as in `a: { use: make_scenes }`",
  );
  assert.equal(
    error("name: x\nstages:\n  a: 5\n"),
    "error: stage `a` is not a map\n  --> e.yaml:3:6\nfix: write `a: { use: … }`",
  );
});

Deno.test("an axis of a matrix is a list of different plain values", () => {
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

Deno.test("a variable that is set and empty takes its default, as in a shell", () => {
  const text = 'name: x\nstages: { a: { use: u, d: "${EMPTY:-7}/x", e: "${EMPTY}" } }';
  const experiment = readExperiment(text, "e.yaml", (name) => name === "EMPTY" ? "" : undefined);
  const { settings } = experiment.stages[0]!;
  assert.equal(settings.get("d")!.value, "7/x");
  assert.ok([null, ""].includes(settings.get("e")!.value as null));
});

Deno.test("variables come from the environment, a lone one typed as YAML types it", () => {
  const environment = (name: string) => ({ COUNT: "12", HOME: "/h" })[name];
  const text = 'name: x\nstages: { a: { use: u, n: "${COUNT}", p: "${HOME}/d", d: "${NO:-7}" } }';
  const { settings } = read(text, environment).stages[0]!;
  assert.deepEqual([...settings.values()].map(({ value }) => value), [12, "/h/d", 7]);
});

Deno.test("a variable that is not set is an error at its place", () => {
  assert.equal(
    error('name: x\nstages: { a: { use: u, n: "${COUNT}" } }'),
    "error: the environment variable COUNT is not set\n  --> e.yaml:2:27\n" +
      "fix: set it, or give a default: ${COUNT:-value}",
  );
});

Deno.test("alias bombs and deep nesting are refused, not expanded", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) {
    const [name, below] = ["abcdefghi"[i], "abcdefghi"[i - 1]];
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${below}`)}]`);
  }
  assert.match(
    error(bomb.join("\n")),
    /^error: with its aliases written out this has more than 200000 values\n {2}--> e\.yaml:6:/,
  );
  assert.match(error("a: " + "[".repeat(50_000)), /nested deeper than 64 levels/);
  assert.match(error("- ".repeat(50_000) + "a"), /nested deeper than 64 levels/);
});

Deno.test("of bad syntax the first error alone is told", () => {
  const text = "name: x\nstages:\n  a:\n\tuse: u\n   b: [\n c: }\n";
  assert.equal(
    error(text),
    "error: a tab indents this line\n  --> e.yaml:4:1\n" +
      "fix: indent with spaces; YAML allows no tabs",
  );
});

Deno.test("an alias that lies within what it names, or names nothing, is told at its place", () => {
  assert.equal(
    error("name: x\nstages:\n  a: &s { use: u, b: *s }\n"),
    "error: the alias `*s` lies within the value that it names\n  --> e.yaml:3:22\n" +
      "fix: write the value out",
  );
  assert.match(
    error("name: x\nstages:\n  a: { use: u, b: *t }\n"),
    /`&t`.*\n {2}--> e\.yaml:3:19\n/s,
  );
});

Deno.test("a baseline that no stage sweeps is told with what was meant", () => {
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
