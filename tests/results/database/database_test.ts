import assert from "node:assert/strict";
import { databaseFile, DatabaseLocked, withDatabase } from "../../../results/database/database.ts";
import { openLiveIndex } from "../../../results/database/live_index.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { schemaVersion } from "../../../results/database/schema.ts";
import { rebuildDatabase } from "../../../results/database/reconcile.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

/** A results folder with four evaluated variants. */
async function filled() {
  const folder = temporaryFolder();
  const sweep = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=[none, singular]"];
  const { code, err } = await runToy(["run", toyExperiment, ...sweep, "--results", folder.path]);
  assert.equal(code, 0, err);
  return folder;
}

const noReport = { report: () => assert.fail("no report is requested here") };
const noWarning = (line: string): void => assert.fail(line);
const ask = (root: string, query: string, warn = noWarning) =>
  queryDatabase(root, query, { format: "csv", width: 80, warn });
const askError = (root: string, query: string) =>
  ask(root, query).then(() => "", (error) => String(error));

Deno.test("the views answer common questions", async () => {
  using folder = await filled();
  const root = folder.path;
  assert.equal(
    await ask(
      root,
      "SELECT alignment, seed, count(*) AS n FROM ablation GROUP BY ALL ORDER BY ALL",
    ),
    "alignment,seed,n\r\nnone,1,9\r\nnone,2,9\r\nsingular,1,9\r\nsingular,2,9\r\n",
  );
  assert.equal(
    await ask(root, "SELECT label FROM latest WHERE stage <> 'tuned' ORDER BY position LIMIT 2"),
    'label\r\nnumbers\r\n"recall[alignment=none,seed=1]"\r\n',
  );
  assert.equal(
    await ask(root, "SELECT count(*) AS n, bool_and(recall_sum > 0) AS sums FROM leaderboard"),
    "n,sums\r\n4,true\r\n",
  );
  assert.equal(
    await ask(
      root,
      "SELECT axis, value FROM run_point AS p JOIN stage_run AS s USING (run) " +
        "WHERE s.label = 'recall[alignment=singular,seed=2]' ORDER BY axis",
    ),
    "axis,value\r\nalignment,singular\r\nseed,2\r\n",
  );
});

Deno.test("a model that was requested twice is in the leaderboard once, with its own numbers", async () => {
  using folder = await filled();
  const board = "SELECT label, i2t_r1, recall_sum FROM leaderboard ORDER BY label";
  const once = await ask(folder.path, board);
  const fewer = ["--set", "tuned.seed=[1, 2]", "--set", "tuned.alignment=[none]"];
  const { code, out } = await runToy(["run", toyExperiment, ...fewer, "--results", folder.path]);
  assert.equal(code, 0);
  assert.match(out, /nothing to run/);
  assert.equal(await ask(folder.path, "SELECT count(*) AS n FROM experiment"), "n\r\n2\r\n");
  assert.equal(await ask(folder.path, board), once);
});

Deno.test("every row of every stage is in the database", async () => {
  using folder = await filled();
  const query = "SELECT (SELECT count(*) FROM metric) AS metric, " +
    "(SELECT count(*) FROM query_rank) AS rank, (SELECT count(*) FROM training_step) AS step, " +
    "(SELECT count(*) FROM training_speed) AS speed, (SELECT count(*) FROM edge) AS edge, " +
    "(SELECT count(*) FROM artifact) AS artifact";
  assert.equal(
    await ask(folder.path, query),
    "metric,rank,step,speed,edge,artifact\r\n36,8,80,80,12,9\r\n",
  );
});

Deno.test("sql changes nothing and reports each failure as one error", async () => {
  using folder = await filled();
  assert.equal(
    await askError(folder.path, "DROP TABLE metric"),
    "error: `sql` answers questions about the result database: it changes nothing, and has no " +
      "access to other files, extensions or settings\n" +
      "fix: use SELECT, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN; --out FILE writes the answer to a file",
  );
  assert.match(
    await askError(folder.path, "SELECT * FROM metrics"),
    /^error: Catalog Error: Table with name metrics does not exist![^]*\nfix: list the tables/,
  );
  assert.equal(
    await askError(folder.path, "SELECT 1; SELECT 2"),
    "error: `sql` runs one statement at a time, and these are 2\nfix: run them one by one",
  );
  assert.match(
    await askError(folder.path, "SELEC 1"),
    /^error: Parser Error: [^]*\nfix: correct the query; /,
  );
});

Deno.test("sql reports a folder without results", async () => {
  using folder = temporaryFolder();
  assert.equal(
    await askError(`${folder.path}/none`, "SELECT 1"),
    `error: this folder has no results yet\n  --> ${folder.path}/none\n` +
      "fix: run an experiment first, for example: deno task run experiments/smoke.yaml",
  );
});

const everything = "SELECT * FROM (SELECT run, 'm' AS t, name, value FROM metric UNION ALL " +
  "SELECT run, 's', label, seconds FROM stage_run UNION ALL " +
  "SELECT run, 'p', axis, NULL FROM run_point UNION ALL " +
  "SELECT run, 't', CAST(step AS VARCHAR), loss FROM training_step) ORDER BY ALL";

Deno.test("a database that was deleted, damaged or rebuilt has the same content as before", async () => {
  using folder = await filled();
  const root = folder.path;
  const before = await ask(root, everything);

  Deno.removeSync(databaseFile(root));
  assert.equal(await ask(root, everything), before);

  Deno.truncateSync(databaseFile(root), 5000);
  const warnings: string[] = [];
  assert.equal(await ask(root, everything, (line) => warnings.push(line)), before);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /^warning: the result database could not be read \(.*\); it was moved to state\/set_aside\/database-1 and rebuilt from 9 artifacts$/,
  );

  assert.equal(
    await rebuildDatabase(root),
    "rebuilt the result database from 9 artifacts; the previous one is in state/set_aside/database-2",
  );
  assert.equal(await ask(root, everything), before);
});

Deno.test("damage anywhere in the database is detected by a query and repaired with a warning", async () => {
  using folder = await filled();
  const root = folder.path;
  const before = await ask(root, everything);
  const sound = Deno.readFileSync(databaseFile(root));
  let repaired = 0;
  for (let at = 5000; at < sound.length; at += 1 << 18) {
    const damaged = sound.slice();
    damaged[at]! ^= 1;
    Deno.writeFileSync(databaseFile(root), damaged);
    const warnings: string[] = [];
    assert.equal(await ask(root, everything, (line) => warnings.push(line)), before);
    if (warnings.length === 0) continue; // a part that the query does not read
    repaired++;
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      /^warning: the result database could not be read \(.*\); it was moved to/,
    );
  }
  assert.ok(repaired > 2, `${repaired} places were read`);
});

Deno.test("reconciling an up-to-date database changes nothing", async () => {
  using folder = await filled();
  const before = await ask(folder.path, everything);
  await openLiveIndex(folder.path, noReport).reconcile((line) => assert.fail(line));
  assert.equal(await ask(folder.path, everything), before);
});

Deno.test("a database from a newer version is refused and not changed", async () => {
  using folder = await filled();
  await withDatabase(folder.path, async (connection) => {
    await connection.run(`UPDATE schema_version SET version = ${schemaVersion + 1}`);
  });
  assert.equal(
    await askError(folder.path, "SELECT 1"),
    "error: the result database was made by a newer version " +
      `(schema ${schemaVersion + 1}, this version reads up to ${schemaVersion})\n  --> ${
        databaseFile(folder.path)
      }\n` +
      "fix: update the project, or use another folder with --results",
  );
  const { code } = await runToy(["run", toyExperiment, "--results", folder.path]);
  assert.equal(code, 2);
});

Deno.test("rows of a running stage are in the database before the stage is complete", async () => {
  using folder = await filled();
  const root = folder.path;
  const key = "f".repeat(64);
  const node = { key, label: "live", stage: "live", definition: { name: "toy_train" } };
  const rows = `${root}/pending/${key}/artifact/rows`;
  Deno.mkdirSync(rows, { recursive: true });
  const index = openLiveIndex(root, noReport);
  await index.started(node, "not computed yet", "2026-01-01T00:00:00.000Z");
  const steps = async () => {
    await index.live([node]);
    return await ask(
      root,
      `SELECT step, loss FROM training_step WHERE run = '${key}' ORDER BY step`,
    );
  };
  const file = `${rows}/training_step.jsonl`;
  Deno.writeTextFileSync(file, '{"step":1,"loss":0.5}\n{"step":2,"lo');
  assert.equal(await steps(), "step,loss\r\n1,0.5\r\n");
  Deno.writeTextFileSync(file, 'ss":"NaN"}\n', { append: true });
  assert.equal(await steps(), "step,loss\r\n1,0.5\r\n2,NaN\r\n");
  Deno.writeTextFileSync(`${file}.part`, '{"step":1,"loss":0.25}\n');
  Deno.renameSync(`${file}.part`, file);
  assert.equal(await steps(), "step,loss\r\n1,0.25\r\n");
});

Deno.test("a transaction waits for a log that another process still has open when it commits", async () => {
  using folder = temporaryFolder();
  const message = `TransactionContext Error: Failed to commit: Could not set lock on file ` +
    `"${databaseFile(folder.path)}.wal": Conflicting lock is held in deno (PID 1)`;
  let attempts = 0;
  const answer = await withDatabase(folder.path, async (connection) => {
    if (++attempts < 3) throw new Error(message);
    return (await connection.runAndReadAll("SELECT 42")).getRows()[0]![0];
  });
  assert.deepEqual([answer, attempts], [42, 3]);
  await assert.rejects(
    withDatabase(folder.path, () => Promise.reject(new Error(message)), { patience: 20 }),
    DatabaseLocked,
  );
  // The database was not set aside.
  assert.equal(await withDatabase(folder.path, () => Promise.resolve("whole")), "whole");
});
