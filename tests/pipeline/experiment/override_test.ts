import assert from "node:assert/strict";
import * as v from "valibot";
import { readExperiment } from "../../../pipeline/experiment/experiment.ts";
import { buildGraph } from "../../../pipeline/experiment/stage_graph.ts";
import { overrideExperiment } from "../../../pipeline/experiment/override.ts";
import { defineStage } from "../../../pipeline/contract/stage.ts";
import { errorText } from "../../support/toy_graph.ts";

const typed = defineStage({
  name: "typed",
  summary: "one parameter of each type",
  parameters: v.strictObject({
    text: v.optional(v.string(), ""),
    number: v.optional(v.number(), 0),
    flag: v.optional(v.boolean(), false),
    either: v.optional(v.union([v.string(), v.number()]), 0),
    nothing: v.optional(v.nullable(v.string()), null),
    texts: v.optional(v.array(v.string()), []),
    choice: v.optional(v.picklist(["1", "2"]), "1"),
  }),
  inputs: {},
  output: "typed",
  compute: false,
  resumable: false,
  run: () => Promise.resolve(),
});

const graph = (set: string[], stage = "{ use: typed }") =>
  buildGraph(
    overrideExperiment(
      readExperiment(`name: x\nstages:\n  a: ${stage}\n`, "e.yaml", () => undefined),
      set,
    ),
    [typed],
  ).nodes;
const given = (parameter: string, value: string) =>
  graph([`a.${parameter}=${value}`])[0]!.parameters[parameter];
const error = (set: string, stage?: string) => errorText(() => graph([set], stage));

Deno.test("--set gives a text where the stage expects a text", () => {
  for (
    const text of ["1e5", "on", "null", "007", "true", "1_000", "~", "0x10", "", ".inf", "1e999"]
  ) {
    assert.equal(given("text", text), text);
  }
  assert.equal(given("text", '"quoted"'), "quoted");
  assert.equal(given("choice", "2"), "2");
  assert.deepEqual(given("texts", "[1e5, on, 007]"), ["1e5", "on", "007"]);
});

Deno.test("--set gives a number, a boolean or null where the stage expects one", () => {
  assert.equal(given("number", "1e5"), 100_000);
  assert.equal(given("number", "007"), 7);
  assert.equal(given("flag", "true"), true);
  assert.equal(given("nothing", "null"), null);
  assert.equal(given("nothing", "5"), "5");
  assert.equal(given("either", "5"), 5);
});

Deno.test("a value of the wrong type is reported with the option and the expected type", () => {
  assert.equal(
    error("a.number=many"),
    'error: `number` of stage `a` is "many"\n  --> --set a.number=many\nfix: use a number',
  );
  assert.equal(
    error("a.flag=on"),
    'error: `flag` of stage `a` is "on"\n  --> --set a.flag=on\nfix: use true or false',
  );
  assert.equal(
    error("a.choice=3"),
    'error: `choice` of stage `a` is 3\n  --> --set a.choice=3\nfix: use "1" or "2"',
  );
  assert.equal(
    error("a.number=[1"),
    "error: invalid YAML in the value: Flow sequence must end with a ]\n  --> --set a.number=[1\n" +
      "fix: quote the value",
  );
});

Deno.test("each value of an axis is typed separately", () => {
  const labels = (set: string) =>
    graph([set], "{ use: typed, matrix: { text: [a, b] } }").map(({ label }) => label);
  assert.deepEqual(labels("a.text=[x, 007, 1]"), ["a[text=x]", 'a[text="007"]', 'a[text="1"]']);
  assert.deepEqual(labels("a.text=007"), ["a"]);
});

Deno.test("values in a file keep the types of YAML", () => {
  assert.match(error("a.flag=true", "{ use: typed, text: 007 }"), /`text` of stage `a` is 7\n/);
});

Deno.test("a matrix can only be set one axis at a time", () => {
  const stage = "{ use: typed, matrix: { text: [a, b] } }";
  assert.equal(
    error("a.matrix={ text: [c] }", stage),
    "error: a matrix can only be set one axis at a time\n  --> --set a.matrix={ text: [c] }\n" +
      "fix: write `--set 'a.seed=[1, 2]'`",
  );
  assert.match(error("a.text=[b, b]", stage), /lists "b" twice\n {2}--> --set a\.text=\[b, b\]\n/);
  assert.match(
    error("a.matrix.text=c", stage),
    /`a\.matrix\.text` does not name a parameter of a stage/,
  );
});
