import assert from "node:assert/strict";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const one = ["--set", "tuned.seed=1", "--set", "tuned.alignment=none"];

/** Puts files and folders that no run wrote into a folder and all those below it. */
function litter(folder: string): void {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)]) {
    if (isDirectory) litter(`${folder}/${name}`);
  }
  for (const name of [".DS_Store", "notes.txt", "notes.json", "notes.jsonl"]) {
    Deno.writeTextFileSync(`${folder}/${name}`, "\0");
  }
  for (const name of ["my folder", "folder.json", "folder.lock"]) {
    Deno.mkdirSync(`${folder}/${name}/inner`, { recursive: true });
  }
  Deno.symlinkSync("/nowhere", `${folder}/link`);
}

/** Replaces every file below a folder. */
function replaceFiles(folder: string, replace: (path: string) => void): void {
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)]) {
    if (isDirectory) replaceFiles(`${folder}/${name}`, replace);
    else replace(`${folder}/${name}`);
  }
}

Deno.test("no command ends because of a foreign, damaged or replaced file in the results folder", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const store = openStore(results);
  const rest = ["--results", results];
  const work = async (...args: string[]) => {
    const { code, out, err } = await runToy([...args, ...rest]);
    assert.equal(code, 0, `${args[0]}: ${err}${out}`);
    assert.doesNotMatch(out + err, /internal/);
    return { out, err };
  };
  await work("run", toyExperiment, ...one);
  const artifacts = store.list();
  litter(results);
  const contents = ["{}", "null", "", undefined];
  let turn = 0;
  replaceFiles(store.stateFile("."), (path) => {
    Deno.removeSync(path);
    const content = contents[turn++ % contents.length];
    if (content === undefined) Deno.mkdirSync(`${path}/inner`, { recursive: true });
    else Deno.writeTextFileSync(path, content);
  });
  // Whatever it became above: how many files there are decides that.
  const notes = store.stateFile("requested/notes.json");
  Deno.removeSync(notes, { recursive: true });
  Deno.writeTextFileSync(notes, "");
  const [evaluated, numbers] = ["toy_evaluate", "toy_numbers"].map((wanted) => {
    const { kind, key } = artifacts.find(({ kind }) => kind === wanted)!;
    return { key, file: `${store.completeFolder(kind, key)}/manifest.json` };
  }) as [{ key: string; file: string }, { key: string; file: string }];
  const { inputDigests: _, ...manifest } = JSON.parse(Deno.readTextFileSync(evaluated.file));
  Deno.writeTextFileSync(evaluated.file, JSON.stringify(manifest));
  Deno.removeSync(numbers.file);
  Deno.mkdirSync(numbers.file);
  Deno.mkdirSync(`${store.lockFile(evaluated.key)}/inner`, { recursive: true });

  const asked = await work("sql", "SELECT count(*) AS n FROM stage_run");
  assert.match(asked.err, /is damaged \(its manifest lacks `inputDigests`\); it was moved to/);
  assert.match(asked.err, /is damaged \(its manifest is a folder\); it was moved to/);
  assert.match(
    asked.err,
    /^warning: state\/requested\/notes\.json is not used: the file is trunc/m,
  );
  assert.equal((await work("sql", "SELECT 1 AS n")).err, "", "each is reported once");
  await work("status", toyExperiment);
  assert.match((await work("run", toyExperiment, ...one)).out, /^ran 2 of 2 stages/m);
  await work("why", toyExperiment, ...one, "recall");
  await work("report", "toy");
  await work("verify", toyExperiment, ...one, "numbers");
  await work("export", `${folder.path}/export`);
  await work("gc", "--yes");
  assert.match((await work("run", toyExperiment, ...one)).out, /^nothing to run/);
});
