import assert from "node:assert/strict";
import { readCommand } from "../../../pipeline/commands/read_command.ts";
import { errorText } from "../../support/toy_graph.ts";

const read = (...args: string[]): Readonly<Record<string, unknown>> => {
  const { command, request } = readCommand(args, "/r");
  return { name: command.name, ...request };
};
const error = (...args: string[]) => errorText(() => read(...args));
const shared = { results: "/r", resultsOption: [], help: false };

Deno.test("a run is read with its defaults", () => {
  assert.deepEqual(read("run", "e.yaml", "--set", "a.b=1", "--set", "c.d=2", "--plan"), {
    ...shared,
    name: "run",
    file: "e.yaml",
    plan: true,
    set: ["a.b=1", "c.d=2"],
    only: [],
    force: [],
    verify: false,
    jobs: undefined,
    threads: undefined,
    memory: undefined,
    gpus: undefined,
    failFast: false,
    quiet: false,
    json: false,
  });
});

Deno.test("an option in several words is one key, and the last value of an option counts", () => {
  const gc = read("gc", "--keep-last", "2", "--keep-last=3", "--older-than", "12h");
  assert.deepEqual(gc, {
    ...shared,
    name: "gc",
    keepLast: 3,
    keepExperiments: undefined,
    olderThan: 12 * 3600,
    yes: false,
    dryRun: false,
    json: false,
  });
});

Deno.test("the results folder is made absolute, and kept as it was written", () => {
  const { results, resultsOption } = read("rebuild", "--results", "a/b");
  assert.equal(results, `${Deno.cwd()}/a/b`);
  assert.deepEqual(resultsOption, ["--results", "a/b"]);
  assert.equal(
    error("rebuild", "--results", ""),
    "error: `--results` is empty\nfix: write `--results DIR`",
  );
});

Deno.test("arguments are read in their order; the last may be optional, or repeat", () => {
  assert.equal(read("status").file, undefined);
  assert.equal(read("status", "e.yaml").file, "e.yaml");
  const { file, stage, against } = read("why", "e.yaml", "tuned", "--against", "3fa2");
  assert.deepEqual([file, stage, against], ["e.yaml", "tuned", "3fa2"]);
  const { first, second } = read("compare", "a", "b");
  assert.deepEqual([first, second], ["a", "b"]);
  assert.deepEqual(read("verify", "e.yaml").names, []);
  assert.deepEqual(read("verify", "e.yaml", "a", "b").names, ["a", "b"]);
});

Deno.test("without a command, and with --help, the request is for help", () => {
  const about = (...args: string[]) => {
    const { name, command } = read(...args);
    return [name, command];
  };
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    assert.deepEqual(about(...args), ["help", undefined]);
  }
  for (const args of [["help", "run"], ["run", "--help"], ["run", "e.yaml", "-h"]]) {
    assert.deepEqual(about(...args), ["help", "run"]);
  }
});

Deno.test("an unknown command, option or word is refused with a suggestion", () => {
  assert.equal(error("rnu"), "error: there is no command `rnu`\nfix: did you mean `run`?");
  assert.equal(
    error("xyzzy"),
    "error: there is no command `xyzzy`\nfix: list the commands with: deno task help",
  );
  assert.equal(
    error("run", "e.yaml", "--job", "2"),
    "error: `run` has no option `--job`\nfix: did you mean `--jobs`?",
  );
  assert.equal(
    error("rebuild", "--plan"),
    "error: `rebuild` has no option `--plan`\nfix: list its options with: deno task help rebuild",
  );
  assert.equal(
    error("sql", "SELECT 1", "--format", "jsn"),
    "error: `--format` cannot be `jsn`\nfix: did you mean `json`?",
  );
  assert.equal(
    error("wrong", "e.yaml", "--direction", "up"),
    "error: `--direction` cannot be `up`\nfix: give one of: i2t, t2i",
  );
});

Deno.test("a missing or superfluous argument is refused with an example", () => {
  const example = "for example: deno task run experiments/smoke.yaml --set tuned.steps=20 --plan";
  assert.equal(error("run"), `error: \`run\` needs an experiment file\nfix: ${example}`);
  assert.equal(error("run", " "), `error: \`run\` needs an experiment file\nfix: ${example}`);
  assert.equal(
    error("why", "e.yaml"),
    "error: `why` needs an experiment file and a stage\n" +
      "fix: for example: deno task why experiments/smoke.yaml tuned",
  );
  assert.equal(
    error("sql", "SELECT", "1"),
    "error: unexpected argument `1`\n" +
      "fix: `sql` takes a query; put quotes around text with spaces, " +
      'for example: deno task sql "SELECT * FROM leaderboard"',
  );
  assert.equal(
    error("status", ""),
    "error: an argument is empty\nfix: for example: deno task status experiments/smoke.yaml",
  );
  assert.equal(
    error("gc", "toy"),
    "error: unexpected argument `toy`\n" +
      "fix: `gc` takes only options, for example: deno task gc --keep-last 2",
  );
});

Deno.test("a malformed value of an option is refused", () => {
  assert.equal(
    error("run", "e.yaml", "--jobs"),
    "error: `--jobs` needs a value\n" +
      "fix: write `--jobs VALUE`, or `--jobs=VALUE` if the value begins with a dash",
  );
  assert.equal(
    error("run", "e.yaml", "--plan=yes"),
    "error: `--plan` takes no value\nfix: write `--plan` alone",
  );
  const refused: readonly (readonly [string[], string])[] = [
    [["run", "e.yaml", "--jobs", "0"], "a whole number from 1 to 9999"],
    [["run", "e.yaml", "--memory", "much"], "a size such as 8GB"],
    [["watch", "--port", "65536"], "a number from 0 to 65535"],
    [["gc", "--older-than", "soon"], "a time such as 12h, 30d or 8w"],
    [["gc", "--keep-experiments", "a,,b"], "names separated by commas"],
  ];
  for (const [args, expected] of refused) {
    const [option, value] = args.slice(-2);
    assert.equal(
      error(...args),
      `error: \`${option}\` cannot be "${value}"\nfix: give ${expected}`,
    );
  }
});
