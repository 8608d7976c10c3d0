import assert from "node:assert/strict";
import { commandGroups, commands } from "../../../pipeline/commands/commands.ts";
import { commandHelpText, overviewText } from "../../../pipeline/commands/help.ts";
import { readCommand } from "../../../pipeline/commands/read_command.ts";
import { errorText } from "../../support/toy_graph.ts";

/** The longer way to start a command. */
const task = "npx -y deno task";
const overview = overviewText(commandGroups, task);
const helpOf = new Map(commands.map((command) => [command.name, commandHelpText(command, task)]));

/** Options as the help lists them: with the placeholder of the value, if there is one. */
function listedOptions(help: string): (readonly [string, string | undefined])[] {
  const lines = help.slice(help.indexOf("\noptions:\n")).matchAll(
    /^ {2}(--[\w-]+)(?: (\S+))? {2}/gm,
  );
  return [...lines].map(([, option, placeholder]) => [option!, placeholder]);
}

/** The words of a command line in a shell without variables: quotes keep spaces. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, bare]) => double ?? single ?? bare!);
}

/** Values that each kind of option takes. */
const values: Readonly<Record<string, string>> = {
  N: "3",
  SIZE: "8GB",
  AGE: "30d",
  "i2t|t2i": "i2t",
  "table|json|csv": "csv",
  "lmdb|npz": "npz",
};

Deno.test("help lists every command with one line that says what it does", () => {
  const lines = overview.split("\n");
  for (const { name, summary } of commands.filter(({ name }) => name !== "help")) {
    assert.equal(
      lines.filter((line) => line.trim() === `${name.padEnd(15)}  ${summary}`).length,
      1,
    );
    assert.match(summary, /^[a-z].*[^.]$/, "a phrase: the command's help makes a sentence of it");
  }
});

Deno.test("help is at most 80 columns wide, and an option takes one line", () => {
  for (const text of [overview, ...helpOf.values()]) {
    assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
  }
  for (const [name, help] of helpOf) {
    const options = /\noptions:\n((?: {2}.*\n)+)/.exec(help)![1]!;
    for (const line of options.trimEnd().split("\n")) {
      assert.match(line, /^ {2}--[\w-]+( \S+)? {2,}\S/, `${name}: ${line}`);
    }
  }
});

Deno.test("the options that a command's help lists are the options that it takes", () => {
  const all = new Set([...helpOf.values()].flatMap(listedOptions).map(([option]) => option));
  for (const { name, example } of commands) {
    const listed = new Map(listedOptions(helpOf.get(name)!));
    const words = shellWords(example.replace(/(^| )--.*/, ""));
    for (const option of all) {
      const given = listed.get(option);
      const value = given === undefined ? [] : [values[given] ?? "text"];
      const read = () => readCommand([name, ...words, option, ...value], "/r");
      if (listed.has(option)) read();
      else assert.match(errorText(read), new RegExp(`\`${name}\` has no option \`${option}\``));
    }
  }
});

Deno.test("the example of a command can be read, and has all arguments", () => {
  for (const { name, example, arguments: own } of commands) {
    const { request } = readCommand([name, ...shellWords(example)], "/r");
    for (const [key, { count }] of Object.entries(own)) {
      assert.ok(count === "any" || request[key] !== undefined, `${name}: ${key}`);
    }
  }
});

Deno.test("the help of a command has its usage, its options and an example", () => {
  assert.equal(
    helpOf.get("why"),
    `usage: npx -y deno task why EXPERIMENT.yaml STAGE [options]

Explain why a stage would run again, or would not.

Compares what the result of the stage depends on now with its last run, and
lists the differences: parameters, lines of code, packages, files, inputs.
Changes nothing.

options:
  --against RUN            compare with the run whose key begins with RUN
  --set STAGE.PARAM=VALUE  change a parameter; a list replaces a matrix axis
  --threads N              threads per stage (default: the file's or all)
  --json                   print JSON
  --results DIR            folder of results (default: results/store)
  --help                   show this help

--set can be given several times.

example:
  npx -y deno task why experiments/smoke.yaml tuned
`,
  );
  assert.match(
    helpOf.get("verify")!,
    /^usage: .* EXPERIMENT\.yaml \[STAGE\|RUN \.\.\.\] \[options\]\n/,
  );
});

Deno.test("every command is a task, described by the same line", () => {
  const project = new URL("../../../deno.json", import.meta.url);
  const { tasks } = JSON.parse(Deno.readTextFileSync(project)) as {
    tasks: Record<string, { command: string; description: string }>;
  };
  for (const { name, summary } of commands) {
    assert.deepEqual(tasks[name], {
      description: summary,
      command: `deno run -A pipeline/main.ts ${name}`,
    });
  }
  for (const [name, { description }] of Object.entries(tasks)) {
    assert.ok(description?.length > 0 && description.length <= 80, name);
  }
});
