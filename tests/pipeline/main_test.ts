import assert from "node:assert/strict";
import { fileLock, tryFileLock } from "../../pipeline/disk/file_lock.ts";
import { existsSync, statSync } from "node:fs";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { runToy, startToy, toyExperiment } from "../support/toy_command.ts";

const quick = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=[none, singular]"];
const run = (results: string, ...more: string[]) =>
  runToy(["run", toyExperiment, ...quick, "--results", results, ...more]);

Deno.test("a second run has nothing to do, says so, and prints the same report", async () => {
  using folder = temporaryFolder();
  const first = await run(folder.path, "--jobs", "2");
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /ran 9 of 9 stages/);
  const second = await run(folder.path);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /^nothing to run: all 9 stages are up to date\n/);
  const report = (out: string) => out.slice(out.indexOf("recall on test"));
  assert.equal(report(second.out), report(first.out).replace(" --jobs 2", ""));
  assert.match(report(first.out), /^none \* /m);
});

Deno.test("a plan writes nothing", async () => {
  using folder = temporaryFolder();
  const { code, out } = await run(`${folder.path}/results`, "--plan");
  assert.equal(code, 0);
  assert.match(out, /^run {2}numbers +[0-9a-f]{10} {2}not computed yet$/m);
  assert.match(
    out,
    /9 of 9 stages would run, one at a time, with \d+ threads? in each that computes\n$/,
  );
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a wrong request ends with exit code 2, one error, and nothing written", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const { code, out, err } = await run(results, "--set", "tuned.stpes=3");
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.equal(
    err,
    "error: stage `tuned` (toy_train) has no parameter `stpes`\n  --> --set tuned.stpes=3\n" +
      "fix: did you mean `steps`?\n",
  );
  const missing = await runToy(["run", `${folder.path}/no.yaml`, "--results", results]);
  assert.equal(missing.code, 2);
  assert.equal(
    missing.err,
    `error: the experiment file does not exist\n  --> ${folder.path}/no.yaml\nfix: check the path\n`,
  );
  const directory = await runToy(["run", folder.path, "--results", results]);
  assert.match(directory.err, /^error: this is a folder, not an experiment file\n/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a results folder below a file is one clear error", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const { code, err } = await run(`${folder.path}/file/results`);
  assert.equal(code, 2);
  assert.equal(
    err,
    "error: a parent of the results folder is a file\n" +
      `  --> ${folder.path}/file/results\nfix: use another folder with --results\n`,
  );
});

Deno.test("a failed stage is reported with its log, others continue, and the exit code is 1", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(
    file,
    `name: failing
seed: 1
stages:
  good: { use: toy_numbers }
  numbers: { use: toy_numbers, matrix: { fail: [complaint, bug, crash, memory] } }
  tuned: { use: toy_train, numbers: numbers }
`,
  );
  const results = `${folder.path}/results`;
  const { code, out } = await runToy(["run", file, "--results", results]);
  assert.equal(code, 1);
  assert.match(out, /done good/);
  assert.match(out, /ran 1 of 9 stages/);
  assert.match(out, /^ {2}\| toy_numbers speaks on standard output$/m);
  const errors = out.slice(out.indexOf("\nerror:")).replaceAll(folder.path, "FOLDER");
  assert.equal(
    errors.replace(/^ {2}\| +at .*\n/gm, "").replace(/^ {2}\| TypeError.*\n/gm, "")
      .replaceAll("  | toy_numbers speaks on standard output\n", ""),
    `
error: stage \`numbers[fail=complaint]\` failed: the numbers ran out
fix: use fewer numbers
error: stage \`numbers[fail=bug]\` failed: internal: toy bug
  | toy_numbers speaks on standard error
error: stage \`numbers[fail=crash]\` failed: its process ended (signal SIGKILL)
  | toy_numbers speaks on standard error
fix: the system may have run out of memory: use fewer --jobs, or lower \`count\` (10), or use a smaller model or a device with more memory; more seeds help, too
error: stage \`numbers[fail=memory]\` failed: memory ran out: run numbers: 8 bytes
fix: lower \`count\` (10), or use a smaller model or a device with more memory; more seeds help, too
not run as a result: \`tuned\` (4)
to retry: deno task run 'FOLDER/e.yaml' --results 'FOLDER/results' ` +
      "--only 'numbers[fail=complaint]' --only 'numbers[fail=bug]' --only 'numbers[fail=crash]' " +
      "--only 'numbers[fail=memory]'\n",
  );
  const some = await runToy(["run", file, "--results", results, "--only", "numbers"]);
  assert.match(some.out, /^to retry: deno task run '.*' --results '.*' --only numbers$/m);
  const sql = ["sql", "SELECT status, count(*) AS n FROM stage_run GROUP BY ALL ORDER BY ALL"];
  const statuses = await runToy([...sql, "--format", "csv", "--results", results]);
  assert.equal(statuses.out, "status,n\r\ncomplete,1\r\nfailed,4\r\n");
});

Deno.test("a stage that records a row that fits no table fails with its line, and spoils nothing", async () => {
  using folder = temporaryFolder();
  const file = `${folder.path}/e.yaml`;
  Deno.writeTextFileSync(file, "name: rows\nseed: 1\nstages:\n  numbers: { use: toy_numbers }\n");
  const rest = ["--results", `${folder.path}/results`];
  const { code, out } = await runToy(["run", file, "--set", "numbers.fail=row", ...rest]);
  assert.equal(code, 1);
  assert.match(
    out,
    new RegExp(
      "error: stage `numbers` failed: a recorded row does not fit: column `direction` of table " +
        "`query_rank` is missing\n  --> /.*/toy_numbers\\.ts:\\d+:\\d+\n",
    ),
  );
  assert.match(out, /^fix: results\/database\/schema\.sql lists the tables and their columns$/m);
  const query = ["sql", "SELECT status FROM stage_run ORDER BY ALL", "--format", "csv"];
  assert.equal((await runToy([...query, ...rest])).out, "status\r\nfailed\r\n");
  assert.equal((await runToy(["run", file, ...rest])).code, 0);
  assert.equal((await runToy([...query, ...rest])).out, "status\r\ncomplete\r\nfailed\r\n");
});

/** An experiment of which one stage fails at once and another would take long. */
function failingAndSlow(folder: string): string {
  const file = `${folder}/e.yaml`;
  Deno.writeTextFileSync(
    file,
    `name: failing
seed: 1
stages:
  numbers: { use: toy_numbers }
  slow: { use: toy_train, numbers: numbers, steps: 600, pause: 100, checkpoint: 1 }
  bad: { use: toy_numbers, fail: complaint, count: 2, pause: 3000 }
`,
  );
  return file;
}

Deno.test("--fail-fast stops the other stages at a safe point, and the exit code is 1", async () => {
  using folder = temporaryFolder();
  const file = failingAndSlow(folder.path);
  const results = `${folder.path}/results`;
  // The failing stage starts while the slow one runs: a process of one thread each.
  const rest = ["--jobs", "2", "--threads", "1", "--results", results];
  await runToy(["run", file, "--only", "numbers", ...rest]);
  const { code, out } = await runToy(["run", file, "--fail-fast", ...rest]);
  assert.equal(code, 1);
  assert.match(out, /^stopped slow /m);
  assert.match(out, /^ran 0 of 2 stages/m);
  assert.match(out, /^error: stage `bad` failed: the numbers ran out$/m);
});

Deno.test("--quiet prints only failures and the report", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const failing = await runToy([
    "run",
    failingAndSlow(folder.path),
    "--only",
    "bad",
    "--quiet",
    "--results",
    results,
  ]);
  assert.equal(failing.code, 1);
  assert.match(failing.out, /^\nerror: stage `bad` failed: the numbers ran out\nfix: /);
  const rest = ["--set", "tuned.seed=1", "--results", results];
  const { code, out } = await runToy(["run", toyExperiment, "--quiet", ...rest]);
  assert.equal(code, 0);
  assert.match(out, /^\nrecall on test \(percent\)\n/);
  assert.doesNotMatch(out, /try next|started|ran /);
});

Deno.test("--json prints every event as one object per line", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const events = async (...args: string[]) => {
    const { code, out } = await runToy(["run", ...args, "--json", "--results", results]);
    return { code, events: out.trim().split("\n").map((line) => JSON.parse(line)) };
  };
  const pinned = ["--set", "tuned.seed=1", "--set", "tuned.alignment=none"];
  const plan = await events(toyExperiment, ...pinned, "--plan");
  assert.deepEqual(plan.events.map(({ event }) => event), ["plan"]);
  assert.deepEqual(
    plan.events[0].stages.map(({ stage, action, why }: Record<string, string>) =>
      `${stage} ${action} ${why}`
    ),
    [
      "numbers run not computed yet",
      "tuned run not computed yet",
      "recall run not computed yet",
    ],
  );
  const run = await events(toyExperiment, ...pinned);
  assert.equal(run.code, 0);
  const ends = run.events.filter(({ event }) => event === "end");
  assert.deepEqual(ends.map(({ stage, outcome }) => [stage, outcome]), [
    ["numbers", "done"],
    ["tuned", "done"],
    ["recall", "done"],
  ]);
  assert.ok(ends.every(({ seconds }) => seconds > 0));
  assert.ok(run.events.every(({ time }) => /^\d{4}-.*Z$/.test(time)));
  const summary = run.events.find(({ event }) => event === "summary");
  assert.deepEqual([summary.ran, summary.of, summary.failed], [3, 3, 0]);
  assert.match(run.events.find(({ event }) => event === "report").text, /recall on test/);

  const failed = await events(failingAndSlow(folder.path), "--only", "bad");
  assert.equal(failed.code, 1);
  const failure = failed.events.find(({ event }) => event === "failure");
  assert.deepEqual(
    failure.failed.map(({ stage, what, fix }: Record<string, string>) => [stage, what, fix]),
    [["bad", "the numbers ran out", "use fewer numbers"]],
  );
});

Deno.test("a damaged artifact is set aside and recomputed, with a warning", async () => {
  using folder = temporaryFolder();
  await run(folder.path);
  const stage = `${folder.path}/artifacts/toy_numbers`;
  const [entry] = [...Deno.readDirSync(stage)];
  Deno.truncateSync(`${stage}/${entry!.name}/artifact/numbers.txt`, 3);
  const { code, out } = await run(folder.path);
  assert.equal(code, 0);
  assert.match(
    out,
    /warning: the stored result of numbers is damaged \(its file numbers\.txt has 3/,
  );
  assert.match(out, /ran 1 of 1 stages/);
  assert.equal([...Deno.readDirSync(`${folder.path}/state/set_aside`)].length, 1);
});

Deno.test("changed content is detected by the file's time, or by --verify if the time was put back", async () => {
  using folder = temporaryFolder();
  await run(folder.path);
  const [entry] = [...Deno.readDirSync(`${folder.path}/artifacts/toy_numbers`)];
  const file = () => `${folder.path}/artifacts/toy_numbers/${entry!.name}/artifact/numbers.txt`;
  const before = Deno.readTextFileSync(file());
  const warning =
    /^numbers: warning: the stored result of numbers is damaged \(the content of numbers\.txt changed\); it was moved to state\/set_aside\/toy_numbers-\S+ and is recomputed$/m;
  Deno.writeTextFileSync(file(), `x${before.slice(1)}`);
  const mended = await run(folder.path);
  assert.match(mended.out, warning);
  assert.match(mended.out, /^ran 1 of 1 stages/m);
  assert.equal(Deno.readTextFileSync(file()), before);

  // What was just made is read once more, and then trusted.
  assert.match((await run(folder.path)).out, /^nothing to run/m);
  const { mtime, atime } = Deno.statSync(file());
  const { mtimeNs } = statSync(file(), { bigint: true });
  Deno.writeTextFileSync(file(), `x${before.slice(1)}`);
  Deno.utimeSync(file(), atime!, mtime!);
  // What a clock of milliseconds puts back is only the same if it was even.
  const hidden = statSync(file(), { bigint: true }).mtimeNs === mtimeNs;
  assert.equal(
    /^nothing to run/.test((await run(folder.path, "--plan")).out.split("\n").at(-2)!),
    hidden,
  );
  const { code, out } = await run(folder.path, "--verify");
  assert.equal(code, 0);
  assert.match(out, warning);
  assert.equal(Deno.readTextFileSync(file()), before);
});

Deno.test("a copied results folder is read once, and trusted afterwards", async () => {
  using folder = temporaryFolder();
  const [first, copy] = [`${folder.path}/first`, `${folder.path}/copy`];
  await run(first);
  const { success } = await new Deno.Command("cp", { args: ["-r", first, copy] }).output();
  assert.ok(success);
  const stamps = () =>
    [...Deno.readDirSync(`${copy}/artifacts/toy_train`)].map(({ name }) =>
      Deno.readTextFileSync(`${copy}/artifacts/toy_train/${name}/stamps.json`)
    );
  const before = stamps();
  assert.match((await run(copy)).out, /^nothing to run/m);
  const after = stamps();
  assert.ok(after.every((text, place) => text !== before[place]));
  assert.match((await run(copy)).out, /^nothing to run/m);
  assert.deepEqual(stamps(), after);
});

Deno.test("two concurrent runs share a results folder: each stage runs once", async () => {
  using folder = temporaryFolder();
  const pause = ["--set", "tuned.pause=5"];
  const both = await Promise.all([run(folder.path, ...pause), run(folder.path, ...pause)]);
  assert.deepEqual(both.map(({ code }) => code), [0, 0], both.map(({ err }) => err).join());
  const done = both.flatMap(({ out }) => out.match(/^done \S+/gm) ?? []);
  assert.equal(done.length, 9);
  assert.equal(new Set(done).size, 9);
  assert.deepEqual([...Deno.readDirSync(`${folder.path}/pending`)], []);
});

Deno.test("Ctrl-C stops at a safe point with exit code 130, and the next run resumes there", async () => {
  using folder = temporaryFolder();
  const set = ["tuned.alignment=none", "tuned.seed=1", "tuned.pause=5", "tuned.steps=100"];
  const slow = ["run", toyExperiment, "--results", folder.path, "--only", "tuned"]
    .concat(set.flatMap((change) => ["--set", change]));
  await using first = startToy(slow);
  await first.until("tuned: started");
  await checkpointWritten(`${folder.path}/pending`);
  first.child.kill("SIGINT");
  const out = await first.until("To continue: deno task run");
  assert.match(out, /stopping at the next safe point; press Ctrl-C again to stop at once/);
  assert.match(out, /^stopped tuned /m);
  assert.equal((await first.child.status).code, 130);
  const second = await runToy(slow);
  assert.equal(second.code, 0, second.err);
  assert.match(second.out, /^tuned: goes on after step \d+$/m);
});

/** Waits for the first checkpoint of any pending stage. */
async function checkpointWritten(pending: string): Promise<void> {
  const exists = () =>
    [...Deno.readDirSync(pending)].some(({ name }) =>
      existsSync(`${pending}/${name}/resume/state.json`)
    );
  using changes = Deno.watchFs(pending);
  if (exists()) return;
  for await (const _change of changes) {
    if (exists()) return;
  }
}

const hanging = (folder: string) => {
  const file = `${folder}/hang.yaml`;
  Deno.writeTextFileSync(
    file,
    "name: x\nseed: 1\nstages:\n  numbers: { use: toy_numbers, fail: hang }\n",
  );
  return startToy(["run", file, "--results", `${folder}/results`]);
};

Deno.test("a second Ctrl-C stops a stage that does not respond", async () => {
  using folder = temporaryFolder();
  await using run = hanging(folder.path);
  await run.until("numbers: started");
  run.child.kill("SIGINT");
  await run.until("press Ctrl-C again to stop at once");
  run.child.kill("SIGINT");
  await run.until("stopped; complete results are kept");
  assert.equal((await run.child.status).code, 130);
});

Deno.test("a stage that does not respond dies with the pipeline and releases its lock", async () => {
  using folder = temporaryFolder();
  await using run = hanging(folder.path);
  await run.until("numbers: started");
  const pending = `${folder.path}/results/pending`;
  const [lock] = [...Deno.readDirSync(pending)].filter(({ name }) => name.endsWith("lock"));
  assert.equal(tryFileLock(`${pending}/${lock!.name}`), undefined, "a started stage has its lock");
  run.child.kill("SIGKILL");
  using _free = await fileLock(`${pending}/${lock!.name}`);
});

Deno.test("an unknown command ends with exit code 2 and a suggestion", async () => {
  const { code, err } = await runToy(["sqll"]);
  assert.deepEqual([code, err], [
    2,
    "error: there is no command `sqll`\nfix: did you mean `sql`?\n",
  ]);
});
