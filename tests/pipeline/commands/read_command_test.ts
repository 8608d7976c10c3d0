import assert from "node:assert/strict";
import { helpText } from "../../../pipeline/commands/help_text.ts";
import { readCommand } from "../../../pipeline/commands/read_command.ts";
import { errorText } from "../../support/toy_graph.ts";

const read = (...args: string[]) => readCommand(args, { results: "/r", threads: 2 });
const error = (...args: string[]) => errorText(() => read(...args));

Deno.test("a run is read with its defaults", () => {
  assert.deepEqual(read("run", "e.yaml", "--set", "a.b=1", "--set", "c.d=2", "--plan"), {
    name: "run",
    results: "/r",
    file: "e.yaml",
    set: ["a.b=1", "c.d=2"],
    only: [],
    force: [],
    jobs: 1,
    threads: 2,
    planOnly: true,
    verify: false,
    failFast: false,
    show: "progress",
  });
});

Deno.test("without a command, and with --help, there is help", () => {
  assert.deepEqual([read(), read("help"), read("run", "--help")], Array(3).fill({ name: "help" }));
});

Deno.test("anything unknown is told with what was meant", () => {
  assert.equal(error("rnu"), "error: there is no command `rnu`\nfix: did you mean `run`?");
  assert.equal(
    error("run", "e.yaml", "--job", "2"),
    "error: `run` has no option `--job`\nfix: did you mean `--jobs`?",
  );
  assert.equal(
    error("rebuild", "--plan"),
    "error: `rebuild` has no option `--plan`\nfix: its options are --results, --help",
  );
  assert.equal(
    error("sql", "SELECT 1", "--format", "jsn"),
    "error: there is no format `jsn`\nfix: did you mean `json`?",
  );
});

Deno.test("what is missing or too much is told with an example", () => {
  assert.equal(
    error("run"),
    "error: which experiment file?\nfix: for example: deno task run experiments/smoke.yaml",
  );
  assert.equal(
    error("sql", "SELECT", "1"),
    "error: one query is expected, and `1` is a second\n" +
      'fix: put quotes around what belongs together, as in: deno task sql "SELECT * FROM leaderboard"',
  );
  assert.equal(
    error("run", "e.yaml", "--jobs"),
    "error: `--jobs` needs a value\n" +
      "fix: write `--jobs VALUE`, or `--jobs=VALUE` when the value begins with a dash",
  );
  assert.equal(
    error("run", "e.yaml", "--jobs", "0"),
    'error: `--jobs` is "0"\nfix: give a whole number from 1',
  );
  assert.equal(
    error("run", "e.yaml", "--plan=yes"),
    "error: `--plan` takes no value\nfix: write `--plan` alone",
  );
});

Deno.test("questions about runs are read with what they need", () => {
  const plain = { results: "/r", json: false };
  const keyed = { ...plain, set: [], threads: 2 };
  assert.deepEqual(read("status"), { ...keyed, name: "status" });
  assert.deepEqual(read("status", "e.yaml", "--json"), {
    ...keyed,
    name: "status",
    file: "e.yaml",
    json: true,
  });
  assert.deepEqual(read("why", "e.yaml", "tuned", "--against", "3fa2", "--set", "a.b=1"), {
    ...keyed,
    name: "why",
    file: "e.yaml",
    stage: "tuned",
    against: "3fa2",
    set: ["a.b=1"],
  });
  assert.deepEqual(read("runs"), { ...plain, name: "runs", limit: 20 });
  assert.deepEqual(read("runs", "smoke", "--stage", "recall", "--json"), {
    name: "runs",
    results: "/r",
    experiment: "smoke",
    stage: "recall",
    json: true,
  });
  assert.deepEqual(read("show", "3fa2"), { ...plain, name: "show", run: "3fa2" });
  assert.deepEqual(read("compare", "a", "b"), { ...plain, name: "compare", both: ["a", "b"] });
  assert.equal(
    error("why", "e.yaml"),
    "error: `why` wants an experiment file and a stage\n" +
      "fix: for example: deno task why experiments/smoke.yaml tuned",
  );
  assert.equal(
    error("show"),
    "error: which run?\nfix: for example: deno task show 3fa29c1b",
  );
});

Deno.test("help names every command and is at most 80 columns wide", () => {
  for (
    const name of [
      "run",
      "status",
      "why",
      "gc",
      "verify",
      "search",
      "runs",
      "show",
      "compare",
      "report",
      "sql",
      "doctor",
      "rebuild",
    ]
  ) {
    assert.match(helpText, new RegExp(`deno task ${name}\\b`));
    assert.match(helpText, new RegExp(`^${name}: `, "m"));
  }
  assert.deepEqual(helpText.split("\n").filter((line) => line.length > 80), []);
});
