import assert from "node:assert/strict";
import { readExperiment } from "../../../pipeline/experiment/experiment.ts";
import { overrideExperiment } from "../../../pipeline/experiment/override.ts";
import { errorText, toyGraph } from "../../support/toy_graph.ts";

const text = (line: string) => `name: x\n${line}\nstages: { a: { use: toy_numbers, seed: 1 } }\n`;
const read = (line: string, set: readonly string[] = []) =>
  overrideExperiment(
    readExperiment(text(line), "e.yaml", (name) => name === "THREADS" ? "3" : undefined),
    set,
  ).threads;
const error = (line: string, set?: readonly string[]) => errorText(() => read(line, set));

Deno.test("an experiment may set the threads of its computing stages", () => {
  assert.equal(read("threads: 1"), 1);
  assert.equal(read("threads: 9999"), 9999);
  assert.equal(read("threads: ${THREADS}"), 3);
  assert.equal(read("seed: 1"), undefined);
  assert.equal(toyGraph(text("threads: 1")).length, 1);
});

Deno.test("--set threads replaces the experiment's number, or sets one", () => {
  assert.equal(read("threads: 1", ["threads=2"]), 2);
  assert.equal(read("seed: 1", ["threads=2", "threads=4"]), 4);
});

Deno.test("threads that are not a whole number from 1 are reported at their position", () => {
  const fix = (written: string) =>
    `\nfix: write \`${written}\`, the number of threads of each computing stage`;
  for (
    const value of [0, -1, 1.5, 10_000, "2", "all", true, [1]].map((one) => JSON.stringify(one))
  ) {
    assert.equal(
      error(`threads: ${value}`),
      `error: \`threads\` is ${value}, not a whole number from 1 to 9999\n  --> e.yaml:2:10` +
        fix("threads: 1"),
    );
  }
  assert.match(error("threads:"), /^error: `threads` is null, .*\n {2}--> e\.yaml:2:/);
  assert.equal(
    error("threads: 1", ["threads=none"]),
    'error: `threads` is "none", not a whole number from 1 to 9999\n  --> --set threads=none' +
      fix("--set threads=1"),
  );
});

Deno.test("a misspelt `threads` is reported with a suggestion, next to other errors", () => {
  assert.equal(
    error("thread: 1"),
    "error: the experiment has no key `thread`\n  --> e.yaml:2:1\nfix: did you mean `threads`?",
  );
  assert.match(
    error("threads: 0\nsede: 1"),
    /the experiment has no key `sede`[^]*\n\nerror: `threads` is 0/,
  );
});
