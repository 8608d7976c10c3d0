import assert from "node:assert/strict";
import { type ListedRun, runsText } from "../../../results/queries/run_list.ts";
import { runToy, startToy, toyExperiment } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const few = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=[none, singular]"];

Deno.test("runs lists the latest runs first, with swept values and metrics, in at most 80 columns", async () => {
  using folder = temporaryFolder();
  await runToy(["run", toyExperiment, ...few, "--results", folder.path]);
  const runs = (...more: string[]) => runToy(["runs", ...more, "--results", folder.path]);
  const all = await runs();
  assert.equal(all.code, 0, all.err);
  const lines = all.out.trimEnd().split("\n");
  assert.match(
    lines[0]!,
    /^run {7}stage {4}alignment {2}seed {2}started UTC +took {2}i2t_r1 {2}t2i_r1$/,
  );
  assert.match(lines[2]!, /^[0-9a-f]{8} {2}recall {3}singular {3}2 .* 0\.530 {3}0\.100$/);
  assert.match(lines[10]!, /^[0-9a-f]{8} {2}numbers +\d\d-\d\d \d\d:\d\d +[\d.]+ s$/);
  assert.equal(lines[11], "9 runs");
  assert.ok(lines.every((line) => line.length <= 80));
  const two = await runs("toy", "--stage", "tuned", "--limit", "2");
  assert.match(two.out, /\nthe latest 2 of 4 runs; --limit 4 shows all\n$/);
  assert.equal((await runs(toyExperiment, "--stage", "tuned", "--limit", "2")).out, two.out);
  const json: ListedRun[] = JSON.parse((await runs("--json", "--stage", "recall")).out);
  assert.equal(json.length, 4);
  assert.deepEqual(json[0]!.point, { alignment: "singular", seed: "2" });
  assert.deepEqual(
    json[0]!.metrics.filter(({ name }) => name === "i2t_r1"),
    [{ name: "i2t_r1", split: "test", value: 0.53 }],
  );
});

Deno.test("runs reports a wrong name with a suggestion", async () => {
  using folder = temporaryFolder();
  const runs = async (...more: string[]) => {
    const { code, err } = await runToy(["runs", ...more, "--results", folder.path]);
    assert.equal(code, 2);
    return err;
  };
  assert.equal(
    await runs(),
    `error: this folder has no results yet\n  --> ${folder.path}\n` +
      "fix: run an experiment first, for example: deno task run experiments/smoke.yaml\n",
  );
  await runToy(["run", toyExperiment, "--only", "numbers", "--results", folder.path]);
  assert.equal(
    await runs("tyo"),
    "error: there is no experiment `tyo` in this results folder\nfix: did you mean `toy`?\n",
  );
  assert.equal(
    await runs("toy", "--stage", "weights"),
    "error: there is no stage `weights` in `toy`\n" +
      "fix: the stages are `numbers`, `recall`, `tuned`\n",
  );
});

Deno.test("runs builds a missing database, failed runs included", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const results = `${folder.path}/results`;
  Deno.writeTextFileSync(
    file,
    "name: x\nseed: 1\nstages:\n  numbers: { use: toy_numbers, matrix: { fail: [no, bug] } }\n",
  );
  await runToy(["run", file, "--results", results]);
  const listed = async () => {
    const { out } = await runToy(["runs", "x", "--json", "--results", results]);
    return (JSON.parse(out) as ListedRun[]).map(({ label, status }) => [label, status]).sort();
  };
  const before = await listed();
  assert.deepEqual(before, [["numbers[fail=bug]", "failed"], ["numbers[fail=no]", "complete"]]);
  Deno.removeSync(`${results}/results.duckdb`);
  assert.deepEqual(await listed(), before);
});

Deno.test("runs lists a run in progress", async () => {
  using folder = temporaryFolder();
  await using running = startToy(["run", toyExperiment, "--results", folder.path]
    .concat([
      "--set",
      "tuned.pause=300",
      "--set",
      "tuned.seed=1",
      "--set",
      "tuned.alignment=none",
    ]));
  await running.until("tuned: started");
  let out = "";
  // The run does not wait for the database: its row appears a moment later.
  while (!out.includes("running")) {
    ({ out } = await runToy(["runs", "--stage", "tuned", "--results", folder.path]));
    assert.doesNotMatch(out, / s$/m, "it is complete before it was seen running");
  }
  assert.match(out, /^[0-9a-f]{8} {2}tuned {2}\d\d-\d\d \d\d:\d\d {2}running\n1 run\n$/m);
});

Deno.test("runsText() puts many swept parameters into one column and omits metrics that do not fit", () => {
  const metric = (name: string) => ({ name, split: null, value: 1 / 3 });
  const run: ListedRun = {
    run: "0123456789abcdef",
    stage: "recall",
    label: "recall",
    kind: "evaluate",
    status: "complete",
    started: "2026-01-02T03:04:05Z",
    seconds: 125,
    point: { a: "1", b: "2", c: "3", d: "4", e: "5" },
    metrics: ["rsum", "i2t_r1", "zeta", "alpha"].map(metric),
  };
  const before = { ...run, started: "2025-12-31T23:59:59Z", status: "failed", metrics: [] };
  assert.equal(
    runsText({ runs: [run, before], total: 2 }, Infinity),
    `run       stage   point                started UTC           took  i2t_r1   rsum
--------  ------  -------------------  ----------------  --------  ------  -----
01234567  recall  a=1 b=2 c=3 d=4 e=5  2026-01-02 03:04  2:05 min   0.333  0.333
01234567  recall  a=1 b=2 c=3 d=4 e=5  2025-12-31 23:59    failed
2 runs
`,
  );
});
