import assert from "node:assert/strict";
import { runToy, startToy, toyExperiment } from "../../support/toy_command.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const few = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=none"];

Deno.test("status counts stored runs and runs to do for each stage, and writes nothing", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const status = (...more: string[]) =>
    runToy(["status", toyExperiment, ...few, "--results", results, ...more]);
  const before = await status();
  assert.equal(
    before.out,
    `toy: 0 of 5 stages are stored

stage    stored  to run  running  failed  size
numbers       -       1        -       -     -
tuned         -       2        -       -     -
recall        -       2        -       -     -
total         -       5        -       -     -
`,
  );
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
  await runToy(["run", toyExperiment, ...few, "--results", results]);
  const after = await status("--set", "tuned.seed=[2, 3, 4]");
  assert.match(after.out, /^toy: 3 of 7 stages are stored\n/);
  assert.match(after.out, /^numbers {7}1 {7}- {8}- {7}- +\d+ bytes$/m);
  assert.match(after.out, /^tuned {9}1 {7}2 {8}- {7}- +[\d.]+ (bytes|kB)$/m);
  assert.match((await status()).out, /^toy: all 5 stages are stored\n/);
});

Deno.test("status without a file shows a line for each experiment and the disk use", async () => {
  using folder = temporaryFolder();
  const status = (...more: string[]) => runToy(["status", "--results", folder.path, ...more]);
  assert.equal((await status()).out, "no experiment has run in this folder yet\n");
  await runToy(["run", toyExperiment, ...few, "--results", folder.path]);
  const { out } = await status();
  const size = "[\\d.]+ (?:bytes|kB|MB)";
  assert.match(
    out,
    new RegExp(
      "^experiment  stored  to run  running  failed +size +requested \\(UTC\\)\n" +
        `toy +5 +- +- +- +${size}  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d\n\non disk +files +size\n`,
    ),
  );
  for (const kind of ["toy_numbers", "toy_train", "toy_evaluate", "\\(database\\)", "total"]) {
    assert.match(out, new RegExp(`^${kind} +\\d+ +${size}$`, "m"));
  }
  const { experiments, disk } = JSON.parse((await status("--json")).out);
  assert.equal(experiments[0].stored, 5);
  assert.equal(disk.length, 5);
});

Deno.test("status shows the failures of the last run with their logs, until they run again", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  const results = `${folder.path}/results`;
  Deno.writeTextFileSync(
    file,
    `name: failing
seed: 1
stages:
  numbers: { use: toy_numbers, matrix: { fail: [no, complaint] } }
`,
  );
  await runToy(["run", file, "--results", results]);
  // The database is not queried, so it may be missing.
  Deno.removeSync(`${results}/results.duckdb`);
  const { out } = await runToy(["status", file, "--results", results]);
  const plain = out.replace(/[0-9a-f]{64}/, "KEY").replace(/\(\d{4}.*UTC\)/, "(TIME)");
  assert.match(plain, /^numbers {7}1 {7}- {8}- {7}1 /m);
  assert.equal(
    plain.slice(plain.indexOf("\nfailed in the last run")),
    `
failed in the last run:
  numbers[fail=complaint]: the numbers ran out (TIME)
    fix: use fewer numbers
    log: pending/KEY/log/output.log
`,
  );
  const all = JSON.parse((await runToy(["status", "--results", results, "--json"])).out);
  assert.equal(all.experiments[0].failed, 1);
});

Deno.test("status shows what another process is running", async () => {
  using folder = temporaryFolder();
  const slow = [toyExperiment, "--results", folder.path, "--set", "tuned.pause=300"]
    .concat(["--set", "tuned.seed=1", "--set", "tuned.alignment=none"]);
  await using running = startToy(["run", ...slow]);
  await running.until("tuned: started");
  const one = await runToy(["status", ...slow]);
  assert.match(one.out, /^tuned {9}- {7}- {8}1 {7}- +-$/m);
  assert.match(one.out, /\nrunning now:\n {2}tuned\n$/);
  const all = await runToy(["status", "--results", folder.path, "--json"]);
  const { stored, toRun, running: now } = JSON.parse(all.out).experiments[0];
  assert.deepEqual([stored, toRun, now], [1, 1, 1]);
});
