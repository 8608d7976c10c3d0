import assert from "node:assert/strict";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, startToy, toyExperiment } from "../../support/toy_command.ts";

const pinned = ["--set", "tuned.seed=1", "--set", "tuned.alignment=none"];
const count = (folder: string) => [...Deno.readDirSync(folder)].length;

Deno.test("gc lists what no kept request needs, and deletes it with --yes", async () => {
  using folder = temporaryFolder();
  const rest = ["--results", `${folder.path}/results`];
  assert.equal((await runToy(["gc", ...rest])).out, "there are no results\n");
  for (const steps of [20, 30, 40]) {
    const set = [...pinned, "--set", `tuned.steps=${steps}`];
    assert.equal((await runToy(["run", toyExperiment, ...set, ...rest])).code, 0);
  }
  const artifacts = `${folder.path}/results/artifacts`;
  const shown = await runToy(["gc", "--keep-last", "2", ...rest]);
  assert.equal(
    shown.out.replaceAll(/[\d.]+ (bytes|kB)/g, "SIZE").replaceAll(/ +/g, " ")
      .replace(/\([0-9a-f]{10}\)/, "(KEY)"),
    "what why how many size\n" +
      "toy_evaluate no kept request needs it 1 SIZE\n" +
      "toy_train no kept request needs it 1 SIZE\n" +
      "finished evaluations that would be deleted:\n" +
      " recall of toy (KEY)\n" +
      "requests deleted with them: toy (1)\n" +
      "SIZE would be freed; kept: 5 results, SIZE\n" +
      "nothing was deleted; delete with --yes\n",
  );
  assert.equal(count(`${artifacts}/toy_train`), 3);

  const done = await runToy(["gc", "--keep-last", "2", "--yes", ...rest]);
  assert.match(done.out, /^freed [\d.]+ kB; kept: 5 results, /m);
  assert.deepEqual(
    ["toy_numbers", "toy_train", "toy_evaluate"].map((stage) => count(`${artifacts}/${stage}`)),
    [1, 2, 2],
  );
  const sql = async (query: string) =>
    (await runToy(["sql", query, "--format", "csv", ...rest])).out.trim().split("\r\n").slice(1);
  assert.deepEqual(await sql("SELECT count(*) FROM stage_run"), ["5"]);
  assert.deepEqual(await sql("SELECT count(DISTINCT run) FROM metric"), ["2"]);
  assert.deepEqual(await sql("SELECT count(*) FROM experiment"), ["2"]);

  const last = await runToy(["run", toyExperiment, ...pinned, "--set", "tuned.steps=40", ...rest]);
  assert.match(last.out, /^nothing to run/);
  const young = await runToy(["gc", "--older-than", "1d", ...rest]);
  assert.match(young.out, /^nothing to free; kept: 5 results/);
  const json = JSON.parse((await runToy(["gc", "--json", ...rest])).out);
  assert.deepEqual([json.artifacts.length, json.deleted], [2, false]);
});

Deno.test("gc keeps what a running process reads and makes", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const rest = ["--results", results];
  const slow = [...pinned, "--set", "tuned.steps=5000", "--set", "tuned.pause=20"];
  await runToy(["run", toyExperiment, ...pinned, "--only", "numbers", ...rest]);
  await using running = startToy(["run", toyExperiment, ...slow, ...rest]);
  await running.until("tuned: started");
  const { code, out } = await runToy(["gc", "--keep-experiments", "another", "--yes", ...rest]);
  assert.equal(code, 0);
  assert.match(out, /^nothing to free; kept: 1 results|^freed 0 bytes; kept: 1 results/m);
  assert.equal(count(`${results}/artifacts/toy_numbers`), 1);
  assert.equal(count(`${results}/pending`), 2);
  running.child.kill("SIGKILL");
  await running.child.status;
  const after = await runToy(["gc", "--keep-experiments", "another", "--yes", ...rest]);
  assert.match(after.out, /^\(unfinished\) +no kept request needs it +1 /m);
  assert.equal(count(`${results}/artifacts/toy_numbers`), 0);
  assert.deepEqual([...Deno.readDirSync(`${results}/state/live`)], []);
});

Deno.test("gc deletes what an earlier gc had in the trash when it was killed", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  await runToy(["run", toyExperiment, ...pinned, "--results", results]);
  Deno.mkdirSync(`${results}/state/trash`);
  const [entry] = [...Deno.readDirSync(`${results}/artifacts/toy_train`)];
  Deno.renameSync(`${results}/artifacts/toy_train/${entry!.name}`, `${results}/state/trash/0`);
  const { out } = await runToy(["gc", "--yes", "--results", results]);
  assert.match(out, /^nothing to free; kept: 2 results/);
  assert.throws(() => Deno.statSync(`${results}/state/trash`), Deno.errors.NotFound);
  // What was deleted is recomputed when it is needed.
  const again = await runToy(["run", toyExperiment, ...pinned, "--results", results]);
  assert.match(again.out, /^ran 1 of 1 stages/m);
});

Deno.test("gc takes experiments by name or file, and refuses malformed options", async () => {
  using folder = temporaryFolder();
  const rest = ["--results", `${folder.path}/results`];
  await runToy(["run", toyExperiment, ...pinned, ...rest]);
  const kept = await runToy(["gc", "--keep-experiments", `other,${toyExperiment}`, ...rest]);
  assert.match(kept.out, /^nothing to free/);
  for (
    const [args, error] of [
      [
        ["--older-than", "soon"],
        /^error: `--older-than` cannot be "soon"\nfix: give a time such as 12h/,
      ],
      [["--keep-last", "0"], /^error: `--keep-last` cannot be "0"/],
      [["--keep-experiments", "a,,b"], /^error: `--keep-experiments` cannot be "a,,b"/],
      [["--yes", "--dry-run"], /^error: `--yes` and `--dry-run` are both given/],
      [["toy"], /^error: unexpected argument `toy`/],
    ] as const
  ) {
    const { code, err } = await runToy(["gc", ...args, ...rest]);
    assert.equal(code, 2);
    assert.match(err, error);
  }
});

Deno.test("gc deletes what is kept about runs that are gone, from the database, too", async () => {
  using folder = temporaryFolder();
  const results = `${folder.path}/results`;
  const rest = ["--results", results];
  await runToy(["run", toyExperiment, ...pinned, ...rest]);
  await runToy(["verify", toyExperiment, ...pinned, "numbers", ...rest]);
  const [own] = [...Deno.readDirSync(`${results}/state/certificates`)];
  const certificate = JSON.parse(
    Deno.readTextFileSync(`${results}/state/certificates/${own!.name}`),
  );
  const gone = "a".repeat(64);
  Deno.mkdirSync(`${results}/state/failed`);
  const orphans = {
    [`certificates/${gone}-1.json`]: { ...certificate, id: `${gone}-1`, key: gone },
    [`failed/${gone}.json`]: {
      ...{ key: gone, label: "x", stage: "x", kind: "x", what: "x", time: certificate.time },
    },
    [`code/${gone}.json`]: { format: 1, stage: "x", versions: [], files: { "x.ts": gone } },
    [`code/text/${gone}.gz`]: {},
  };
  for (const [path, content] of Object.entries(orphans)) {
    Deno.writeTextFileSync(`${results}/state/${path}`, JSON.stringify(content));
  }
  for (const name of ["certificates", "failed", "code", "code/text"]) {
    for (const entry of Deno.readDirSync(`${results}/state/${name}`)) {
      if (entry.isFile) Deno.utimeSync(`${results}/state/${name}/${entry.name}`, 1e9, 1e9);
    }
  }
  const query = "SELECT (SELECT count(*) FROM certificate) AS certificates, " +
    "(SELECT count(*) FROM stage_run) AS runs";
  const ask = async () => (await runToy(["sql", query, "--format", "csv", ...rest])).out;
  assert.equal(await ask(), "certificates,runs\r\n2,4\r\n");
  const { out } = await runToy(["gc", "--yes", ...rest]);
  assert.match(out, /^\(records\) +their runs are gone +4 /m);
  for (const path of Object.keys(orphans)) {
    assert.throws(() => Deno.statSync(`${results}/state/${path}`), Deno.errors.NotFound);
  }
  assert.ok(Deno.statSync(`${results}/state/certificates/${own!.name}`).isFile);
  assert.equal(await ask(), "certificates,runs\r\n1,3\r\n");
  const again = await runToy(["why", toyExperiment, ...pinned, "recall", ...rest]);
  assert.equal(again.code, 0);
});
