import assert from "node:assert/strict";
import { denoTask } from "../../support/command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

const scenes =
  `scenes: { use: make_scenes, images: 4, val_images: 2, test_images: 2, swap_pairs: 1 }`;

Deno.test("exported features can be read as published features", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/small.yaml`;
  const features = "features: { use: extract_features, from: scenes }";
  Deno.writeTextFileSync(
    file,
    `name: small\nseed: 1\nstages:\n  ${scenes}\n  ${features}\n`,
  );
  const results = ["--results", `${folder.path}/results`];
  const target = `${folder.path}/a new folder`;
  const exported = (...args: string[]) =>
    denoTask(["export-features", file, "features", target, ...results, ...args]);

  const early = await exported();
  assert.equal(early.code, 1);
  assert.match(
    early.err,
    /^error: features is not stored yet\n.*\nfix: run it first: deno task run/,
  );
  assert.throws(() => Deno.statSync(target), Deno.errors.NotFound);

  assert.equal((await denoTask(["run", file, "--only", "features", ...results])).code, 0);
  const made = await exported("--format", "npz");
  assert.equal(made.code, 0, made.err);
  const [line, , ...stage] = made.out.trimEnd().split("\n");
  assert.match(line!, /^features: \d+ images, \d+ captions in /);
  assert.deepEqual([...Deno.readDirSync(`${target}/img_db`)].map(({ name }) => name), ["small"]);

  const again = `${folder.path}/again.yaml`;
  Deno.writeTextFileSync(again, `name: again\nseed: 1\nstages:\n${stage.join("\n")}\n`);
  const read = await denoTask(["run", again, ...results]);
  assert.equal(read.code, 0, read.out + read.err);
  assert.match(read.out, /\d+ images, \d+ captions/);

  const twice = await exported();
  assert.equal(twice.code, 2);
  assert.match(
    twice.err,
    /^error: the folder for the export is not empty\n/,
  );
  assert.deepEqual(
    [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    ["a new folder", "again.yaml", "results", "small.yaml"],
  );
});

Deno.test("export-features refuses several points, other artifacts, and unknown formats", async () => {
  using folder = temporaryFolder();
  const target = `${folder.path}/out`;
  const refused = async (...args: string[]) => {
    const { code, err } = await runToy(["export-features", ...args]);
    assert.equal(code, 2);
    assert.throws(() => Deno.statSync(target), Deno.errors.NotFound);
    return err;
  };
  assert.match(
    await refused(toyExperiment, "numbers", target),
    /^error: stage `numbers` makes numbers, not features\n/,
  );
  assert.match(
    await refused(toyExperiment, "tuned", target),
    /^error: `tuned` has 9 points, but only one can be exported at a time\n.*\nfix: name one, such as `tuned\[/,
  );
  assert.match(await refused(toyExperiment, "numbrs", target), /fix: did you mean `numbers`\?/);
  assert.match(
    await refused(toyExperiment, "numbers", target, "--format", "tsv"),
    /^error: `--format` cannot be `tsv`\nfix: give one of: lmdb, npz\n/,
  );
  assert.match(
    await refused(toyExperiment, "numbers"),
    /^error: `export-features` needs an experiment file, a stage and a folder to make\n/,
  );
});
