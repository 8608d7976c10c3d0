import assert from "node:assert/strict";
import type { RunRecord } from "../../../results/queries/run_record.ts";
import { showText } from "../../../results/queries/show_run.ts";
import { runToy, startToy, toyExperiment } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const record: RunRecord = {
  run: "0123456789abcdef".repeat(4),
  label: "tuned[seed=1]",
  stage: "tuned",
  kind: "fine_tune",
  status: "complete",
  why: "steps 5 -> 6",
  started: "2026-01-02T03:04:05.678Z",
  seconds: 125.4,
  host: "machine",
  experiments: [
    { experiment: "toy", label: "tuned[seed=1]" },
    { experiment: "other", label: "final" },
  ],
  parameters: { steps: 6, layers: [1, 2], alignment: "none" },
  inputs: [
    { port: "features", run: "a".repeat(64), label: "features", digest: "b".repeat(64) },
    { port: "weights", run: "c".repeat(64), label: null, digest: null },
  ],
  outside: { checkpoint: "d".repeat(64) },
  code: "e".repeat(64),
  versions: { deno: "2.9.6", library: "2.21" },
  metrics: [
    { name: "i2t_r1", split: "test", value: 0.26666 },
    { name: "tied_queries", split: null, value: 12345 },
  ],
  artifact: {
    kind: "model",
    folder: "artifacts/fine_tune/KEY",
    digest: "f".repeat(64),
    files: Array.from({ length: 21 }, (_, index) => ({ path: `${index}.bin`, size: 1000 })),
  },
  failure: null,
  logs: ["artifacts/fine_tune/KEY/log/output.log"],
};

Deno.test("showText() shows everything that is known about a run", () => {
  const text = showText(record, { root: "/r", others: 1 });
  assert.equal(
    text.replace(/\n {2}[2-9]\.bin .*|\n {2}1\d\.bin .*/g, ""),
    `tuned[seed=1]
  key        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  state      fine_tune, complete, 2026-01-02 03:04 UTC, 2:05 min, on machine
  why        steps 5 -> 6
  needed by  toy
  needed by  other, as final
  others     1 earlier run with this label

parameters
  steps      6
  layers     [1,2]
  alignment  none

inputs
  features  features      aaaaaaaa
  weights   (not stored)  cccccccc

files from outside
  checkpoint  digest dddddddd

made with
  deno     2.9.6
  library  2.21
  code     digest eeeeeeee

metrics
  i2t_r1        test  0.267
  tied_queries        12345

artifact: model, 21.0 kB, digest ffffffff
  /r/artifacts/fine_tune/KEY/artifact
  0.bin   1.0 kB
  1.bin   1.0 kB
  … 1 more; --json lists all

logs
  /r/artifacts/fine_tune/KEY/log/output.log
`,
  );
});

Deno.test("show finds a run by the beginning of its key or by its label, with or without a database", async () => {
  using folder = temporaryFolder();
  const show = (...more: string[]) => runToy(["show", ...more, "--results", folder.path]);
  const only = ["--only", "recall[alignment=none,seed=1]", "--set", "tuned.alignment=[none]"];
  await runToy(["run", toyExperiment, ...only, "--results", folder.path]);
  const byLabel = await show("recall[alignment=none,seed=1]");
  assert.equal(byLabel.code, 0, byLabel.err);
  assert.match(
    byLabel.out,
    /^inputs\n {2}model {4}tuned\[alignment=none,seed=1\] {2}[0-9a-f]{8}\n/m,
  );
  assert.match(byLabel.out, /^ {2}i2t_r1 {6}test {2}0\.220$/m);
  const record: RunRecord = JSON.parse((await show("tuned[alignment=none,seed=1]", "--json")).out);
  assert.equal(record.parameters["steps"], 20);
  Deno.removeSync(`${folder.path}/results.duckdb`);
  const byKey = await show(record.run.slice(0, 8));
  assert.equal(byKey.out.split("\n")[0], "tuned[alignment=none,seed=1]");
  assert.ok(Deno.statSync(`${folder.path}/${record.logs[0]}`).isFile);
});

Deno.test("show suggests runs for an ambiguous or unknown name", async () => {
  using folder = temporaryFolder();
  const show = async (...more: string[]) =>
    (await runToy(["show", ...more, "--results", folder.path])).err;
  const sweep = ["--set", "tuned.alignment=[none]", "--set", "tuned.seed=[1, 2]"];
  await runToy(["run", toyExperiment, ...sweep, "--results", folder.path]);
  assert.equal(
    await show("tuned"),
    "error: `tuned` is a stage with 2 runs, not one run\n" +
      "fix: name one of these:\n  tuned[alignment=none,seed=1]\n  tuned[alignment=none,seed=2]\n",
  );
  assert.equal(
    await show("numbres"),
    "error: there is no run `numbres`\nfix: did you mean `numbers`?\n",
  );
  assert.equal(
    await show("12345678"),
    "error: there is no run `12345678`\n" +
      "fix: list the runs with: deno task runs; " +
      "name one by the beginning of its key or by its label\n",
  );
});

Deno.test("show reports why a run failed, and that a run is in progress", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const results = ["--results", `${folder.path}/results`];
  Deno.writeTextFileSync(
    file,
    "name: x\nseed: 1\nstages:\n  numbers: { use: toy_numbers, fail: complaint }\n",
  );
  await runToy(["run", file, ...results]);
  const failed = await runToy(["show", "numbers", ...results]);
  assert.match(failed.out, /^ {2}state {6}toy_numbers, failed, /m);
  assert.match(failed.out, /^ {2}failure {4}the numbers ran out\n {2}fix {8}use fewer numbers$/m);
  assert.match(failed.out, /^parameters\n {2}count {2}10$/m);
  await using running = startToy(["run", toyExperiment, ...results, "--set", "tuned.pause=300"]
    .concat(["--set", "tuned.seed=1", "--set", "tuned.alignment=none"]));
  await running.until("tuned: started");
  let shown = await runToy(["show", "tuned", ...results]);
  // The run does not wait for the database: its row appears a moment later.
  while (shown.code !== 0) {
    assert.match(shown.err, /^error: there is no run `tuned`/);
    shown = await runToy(["show", "tuned", ...results]);
  }
  assert.match(shown.out, /^ {2}state {6}toy_train, running, /m);
  assert.match(shown.out, /^ {2}pause {7}300$/m);
  assert.match(shown.out, /\nlogs\n(?:.*\n)*.*\/pending\/[0-9a-f]{64}\/log\/output\.log\n/);
});
