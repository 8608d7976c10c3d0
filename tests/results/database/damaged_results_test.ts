import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { openStore } from "../../../pipeline/store/artifact_store.ts";
import { tryFileLock } from "../../../pipeline/disk/file_lock.ts";
import { databaseFile } from "../../../results/database/database.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { makeFolders, runMaker } from "../../support/made_runs.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";
import { runToy, toyExperiment } from "../../support/toy_command.ts";

/** A results folder with two evaluations and no database, and where the first of them is. */
function stored() {
  const folder = temporaryFolder();
  makeFolders(folder.path);
  const make = runMaker(folder.path, { experiment: "made" });
  const [{ key }] = [1, 2].map((seed) =>
    make({
      stage: "recall",
      kind: "evaluate",
      output: "recall",
      parameters: { seed },
      rows: {
        metric: [1, 5, 10].map((k) => ({ name: `i2t_r${k}`, split: "test", value: k / 11 })),
        query_rank: [{ direction: "i2t", query: "a", rank: 1 }],
      },
      measurements: { scoring_speed: [{ pairs: 720, seconds: 1.5 }] },
    })
  ) as [{ key: string }, unknown];
  const warnings: string[] = [];
  const ask = async (query: string) => {
    warnings.length = 0;
    const answer = await queryDatabase(folder.path, query, {
      format: "json",
      width: 80,
      warn: (line) => warnings.push(line),
    });
    return JSON.parse(answer);
  };
  const place = `artifacts/evaluate/${key}`;
  const rows = `${folder.path}/${place}/artifact/rows/metric.jsonl`;
  return Object.assign(folder, { root: folder.path, key, place, rows, ask, warnings });
}

const totals = `SELECT (SELECT count(*) FROM metric) AS metrics,
  (SELECT max(value) FROM metric) < 1 AS sound,
  (SELECT count(*) FROM stage_run WHERE status = 'complete') AS runs`;

const damages: Readonly<Record<string, (text: string) => string>> = {
  "another number": (text) => text.replace(/"value":0\.\d+/, '"value":7777'),
  "another number of the same size": (text) => text.replace(/"value":0/, '"value":7'),
  "no rows": () => "",
  "a damaged byte": (text) => text.replace("{", "\0"),
  "fewer rows": (text) => text.slice(text.indexOf("\n") + 1),
};

for (const [damage, change] of Object.entries(damages)) {
  Deno.test(`${damage} in a row file: the result is set aside and the others are used`, async () => {
    using folder = stored();
    const { root, place, rows, ask, warnings } = folder;
    Deno.writeTextFileSync(rows, change(Deno.readTextFileSync(rows)));
    assert.deepEqual(await ask(totals), [{ metrics: 3, sound: true, runs: 1 }]);
    const aside = `state/set_aside/${place.slice("artifacts/".length).replace("/", "-")}-1`;
    assert.deepEqual(warnings, [
      `warning: the stored result ${place} is damaged (the content of rows/metric.jsonl changed); ` +
      `it was moved to ${aside}, and the next run that needs it computes it again`,
    ]);
    assert.ok(existsSync(`${root}/${aside}/manifest.json`));
    assert.ok(!existsSync(`${root}/${place}`));
    assert.deepEqual(await ask(totals), [{ metrics: 3, sound: true, runs: 1 }]);
    assert.deepEqual(warnings, [], "it is reported once");
  });
}

Deno.test("a manifest that is damaged later takes the rows of its run with it", async () => {
  using folder = stored();
  const { root, place, key, ask, warnings } = folder;
  assert.deepEqual(await ask(totals), [{ metrics: 6, sound: true, runs: 2 }]);
  Deno.writeTextFileSync(`${root}/${place}/manifest.json`, "{}");
  assert.deepEqual(await ask(totals), [{ metrics: 3, sound: true, runs: 1 }]);
  assert.match(warnings.join(), /is damaged \(its manifest lacks `format`\); it was moved to /);
  assert.deepEqual(await ask(`SELECT run FROM query_rank WHERE run = '${key}'`), []);
});

Deno.test("a row file that the manifest does not list is not believed", async () => {
  using folder = stored();
  const { rows, ask, warnings } = folder;
  Deno.writeTextFileSync(rows.replace("metric", "validation"), '{"step":1,"rsum":6}\n');
  assert.deepEqual(await ask("SELECT * FROM validation"), []);
  assert.deepEqual(warnings, []);
});

Deno.test("a damaged result is left where it is while a run works on its key", async () => {
  using folder = stored();
  const { root, key, place, rows, ask, warnings } = folder;
  Deno.writeTextFileSync(rows, "");
  using _lock = tryFileLock(openStore(root).lockFile(key))!;
  assert.deepEqual(await ask(totals), [{ metrics: 3, sound: true, runs: 1 }]);
  assert.match(warnings.join(), /\(the content of rows\/metric\.jsonl changed\); it is left out$/);
  assert.ok(existsSync(`${root}/${place}`));
});

Deno.test("lines of a log that are no rows are left out, and its other lines are used", async () => {
  using folder = stored();
  const { root, place, ask, warnings } = folder;
  const log = `${root}/${place}/log/scoring_speed.jsonl`;
  Deno.writeTextFileSync(log, '{"pairs":1,"seconds":2}\n{"pairs":"x"}\n\0\n[1]\n');
  const [{ speeds }] = await ask("SELECT count(*) AS speeds FROM scoring_speed");
  assert.equal(speeds, 2);
  assert.deepEqual(warnings.map((line) => line.replace(/.* are not used: /, "")), [
    "a line of `scoring_speed` that is no row of it: " +
    'column `pairs` of table `scoring_speed` is a whole number, not "x"',
    "a line of `scoring_speed` that is no row of it: it is not JSON",
    "a line of `scoring_speed` that is no row of it: it is not a row",
  ]);
});

Deno.test("a result of a version that did not check its rows stops nobody", async () => {
  using folder = stored();
  const { root, ask, warnings } = folder;
  runMaker(root, { experiment: "made" })({
    stage: "bad",
    kind: "evaluate",
    output: "recall",
    rows: { query_rank: [{ foo: 1 }], metric: [{ name: "i2t_r1", value: 0.5 }], other: [{}] },
  });
  assert.deepEqual(await ask(totals), [{ metrics: 7, sound: true, runs: 3 }]);
  assert.deepEqual(warnings, [
    "warning: some rows of bad are not used: the schema has no result table `other`",
    "warning: some rows of bad are not used: a line of `query_rank` that is no row of it: " +
    "column `direction` of table `query_rank` is missing",
  ]);
});

Deno.test("a run computes a result again whose rows were damaged while there was no database", async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const pinned = ["--set", "tuned.seed=1", "--set", "tuned.alignment=none", "--results", root];
  await runToy(["run", toyExperiment, ...pinned]);
  const query = ["sql", "SELECT name, value FROM metric ORDER BY ALL", "--format", "csv"];
  const before = await runToy([...query, "--results", root]);
  const { kind, key } = openStore(root).list().find(({ kind }) => kind === "toy_evaluate")!;
  Deno.removeSync(databaseFile(root));
  Deno.writeTextFileSync(`${root}/artifacts/${kind}/${key}/artifact/rows/metric.jsonl`, "\0");
  const damaged = await runToy([...query, "--results", root]);
  assert.deepEqual([damaged.code, damaged.out], [0, "name,value\r\n"]);
  assert.match(damaged.err, /^warning: the stored result artifacts\/toy_evaluate\/.* is damaged /);
  const { code, out } = await runToy(["run", toyExperiment, ...pinned]);
  assert.equal(code, 0);
  assert.match(out, /^ran 1 of 1 stages/m);
  assert.deepEqual(await runToy([...query, "--results", root]), before);
});
