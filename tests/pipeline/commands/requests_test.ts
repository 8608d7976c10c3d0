/** What a failed run, a try with `--set` or a copied file does to the results of an experiment: nothing. */
import assert from "node:assert/strict";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy } from "../../support/toy_command.ts";

const experiment = (count = 20) =>
  `name: kept
seed: 1
stages:
  numbers: { use: toy_numbers, count: ${count} }
  tuned: { use: toy_align, numbers: numbers, matrix: { alignment: [none, sparse] } }
  recall: { use: toy_evaluate, model: tuned, numbers: numbers }
`;

function place() {
  const folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  Deno.writeTextFileSync(path("kept.yaml"), experiment());
  const toy = (...args: string[]) => runToy([...args, "--results", path("results")]);
  return { path, toy, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("neither a run that failed nor a try with --set costs the results of the file", async () => {
  using kept = place();
  const file = kept.path("kept.yaml");
  assert.equal((await kept.toy("run", file)).code, 0);
  const failing = ["numbers.fail=complaint", "numbers.count=3"];
  const failed = await kept.toy("run", file, ...failing.flatMap((one) => ["--set", one]));
  assert.equal(failed.code, 1);
  assert.equal((await kept.toy("run", file, "--set", "tuned.alignment=[none]")).code, 0);
  assert.match((await kept.toy("report", file)).out, /^kept: 5 of 5 runs complete$/m);
  const gone = await kept.toy("gc", "--yes");
  assert.match(gone.out, /kept: 5 results/);
  assert.match((await kept.toy("run", file)).out, /^nothing to run: all 5 stages/m);
  // A changed file has to run before it can be reported; its name still has the results.
  Deno.writeTextFileSync(file, experiment(21));
  const { code, err } = await kept.toy("report", file);
  assert.equal(code, 2);
  assert.match(err, /^error: this experiment was never run with its present parameters$/m);
  assert.equal((await kept.toy("report", "kept")).code, 0);
});

Deno.test("two files with one name are reported, as long as both have it", async () => {
  using kept = place();
  const copy = kept.path("copy.yaml");
  const run = (name: string) => kept.toy("run", kept.path(name), "--only", "numbers", "--plan");
  assert.equal((await kept.toy("run", kept.path("kept.yaml"), "--only", "numbers")).code, 0);
  assert.doesNotMatch((await run("kept.yaml")).out, /warning/);
  Deno.copyFileSync(kept.path("kept.yaml"), copy);
  const warning = `warning: ${kept.path("kept.yaml")} and ${copy} have the same name, \`kept\`: `;
  assert.ok((await run("copy.yaml")).out.startsWith(warning));
  Deno.writeTextFileSync(kept.path("kept.yaml"), experiment().replace("name: kept", "name: own"));
  assert.doesNotMatch((await run("copy.yaml")).out, /warning/);
});
