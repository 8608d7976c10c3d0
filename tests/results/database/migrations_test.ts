import assert from "node:assert/strict";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { databaseFile, withDatabase } from "../../../results/database/database.ts";
import { queryDatabase } from "../../../results/queries/sql.ts";
import { reconcile } from "../../../results/database/reconcile.ts";
import { schemaVersion } from "../../../results/database/schema.ts";
import { readSchema } from "../../../results/database/schema_text.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

/** Frozen copies of all versions of the schema, including the current one. */
const frozen = (version: number): string =>
  Deno.readTextFileSync(new URL(`./schemas/schema_${version}.sql`, import.meta.url));
const current = readSchema(
  Deno.readTextFileSync(new URL("../../../results/database/schema.sql", import.meta.url)),
);

const oldRows = (version: number) => `
  INSERT INTO experiment (id, name, file, ${
  version < 11 ? "asked" : "requested"
}) VALUES ('e', 'toy', 'toy.yaml', '2026-01-02 03:04:05');
  INSERT INTO experiment_run VALUES ('e', 'r1', 'tuned', 'tuned', 0), ('e', 'r2', 'recall', 'recall', 1);
  INSERT INTO run_point VALUES ('e', 'r1', 'alignment', 'sparse'${version < 15 ? "" : ", 'tuned'"});
  INSERT INTO stage_run (run, stage, kind, label, status, started, seconds) VALUES
    ('r1', 'tuned', 'fine_tune', 'tuned', 'complete', '2026-01-02 03:04:06', 2.5),
    ('r2', 'recall', 'evaluate', 'recall', 'complete', '2026-01-02 03:04:09', 0.5);
  INSERT INTO edge VALUES ('r2', 'model', 'r1');
  INSERT INTO parameter (run, name, value) VALUES ('r1', 'alignment', 'sparse'), ('r1', 'seed', '7');
  INSERT INTO artifact VALUES ('r1', 'model', 'a', 'd', 1, 10), ('r2', 'recall', 'b', 'd', 1, 10);
  INSERT INTO metric VALUES ('r2', 'i2t_r1', 'test', 0.25);
`;

/** A results folder with a small database as an earlier version of the program left it. */
async function oldDatabase(version: number, change = "") {
  const folder = temporaryFolder();
  const instance = await DuckDBInstance.create(databaseFile(folder.path));
  const connection = await instance.connect();
  await connection.run(frozen(version));
  await connection.run(
    `INSERT INTO schema_version VALUES (${version});${oldRows(version)}${change}`,
  );
  connection.closeSync();
  instance.closeSync();
  Deno.mkdirSync(`${folder.path}/artifacts`);
  return folder;
}

/** Every table, view, column and comment, as lines. */
async function shape(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(`
    SELECT concat_ws(' ', 'column', table_name, column_index, column_name, data_type, is_nullable,
      column_default, comment) AS line FROM duckdb_columns() WHERE NOT internal
    UNION ALL SELECT concat_ws(' ', 'table', table_name, comment) FROM duckdb_tables()
    UNION ALL SELECT concat_ws(' ', 'view', view_name, sql, comment) FROM duckdb_views()
      WHERE NOT internal
    UNION ALL SELECT concat_ws(' ', 'version', version) FROM schema_version
    ORDER BY ALL`);
  return reader.getRows().map(([line]) => String(line));
}

for (const version of Array.from({ length: schemaVersion - 1 }, (_, index) => index + 1)) {
  Deno.test(`a database with schema ${version} is upgraded and equals a new one`, async () => {
    using old = await oldDatabase(version);
    using fresh = temporaryFolder();
    const said: string[] = [];
    const query = "SELECT alignment, seed, split, metric, value FROM ablation";
    const answer = await queryDatabase(old.path, query, {
      format: "csv",
      width: 80,
      warn: (line) => said.push(line),
    });
    assert.equal(answer, "alignment,seed,split,metric,value\r\nsparse,7,test,i2t_r1,0.25\r\n");
    assert.deepEqual(said, [
      `upgraded the result database from schema ${version} to schema ${schemaVersion}`,
    ]);
    const expected = await withDatabase(fresh.path, shape);
    assert.deepEqual(await withDatabase(old.path, shape, { readOnly: true }), expected);
    assert.ok(expected.length > 100);
  });
}

Deno.test("the tables of this version are frozen: a change raises schemaVersion and adds a migration", () => {
  const plain = (text: string) =>
    readSchema(text).filter(({ kind }) => kind === "TABLE")
      .map(({ sql }) => sql.replace(/ *--.*/g, "").replace(/\n\s*(?=\n)/g, ""));
  const tables = current.filter(({ kind }) => kind === "TABLE");
  assert.deepEqual(
    plain(tables.map(({ sql }) => sql).join("\n\n")),
    plain(frozen(schemaVersion)),
  );
});

Deno.test("a migration that fails changes nothing; the database is rebuilt from the artifacts", async () => {
  using old = await oldDatabase(2, "CREATE TABLE relation_distance (mine INTEGER);");
  const said: string[] = [];
  assert.equal(await reconcile(old.path, (line) => said.push(line)), 0);
  assert.equal(said.length, 1);
  assert.match(
    said[0]!,
    /^warning: the result database could not be read \(its schema 2 could not be upgraded: .*relation_distance.* already exists.*\); it was moved to state\/set_aside\/database-1 and rebuilt from 0 artifacts$/,
  );
  const aside = `${old.path}/state/set_aside/database-1`;
  const kept = await DuckDBInstance.create(`${aside}/results.duckdb`);
  const connection = await kept.connect();
  const [[version]] = (await connection.runAndReadAll("SELECT version FROM schema_version"))
    .getRows() as [[number]];
  connection.closeSync();
  kept.closeSync();
  assert.equal(version, 2);
});

Deno.test("a read-only reader says how to get an older schema upgraded", async () => {
  using old = await oldDatabase(3);
  await assert.rejects(
    withDatabase(old.path, shape, { readOnly: true }),
    (error) =>
      String(error) === "error: the result database has schema 3 and must be upgraded to " +
          `schema ${schemaVersion}\n  --> ${databaseFile(old.path)}\nfix: try again when the ` +
          "database is writable and no other process has it open; or copy the results folder " +
          "and name the copy with --results",
  );
});

Deno.test("every table, view and column has a comment", () => {
  const undocumented = current.flatMap(({ name, comment, columns }) => [
    ...(comment === "" ? [name] : []),
    ...columns.filter((column) => column.comment === "").map((column) => `${name}.${column.name}`),
  ]);
  assert.deepEqual(undocumented, []);
});

Deno.test("the database contains the comments on its columns", async () => {
  using folder = temporaryFolder();
  const comments = await withDatabase(folder.path, async (connection) => {
    const reader = await connection.runAndReadAll(
      "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() WHERE NOT internal",
    );
    return new Map(reader.getRows() as [string, string | null][]);
  });
  assert.equal(comments.get("stage_run.status"), "running, complete, failed, stopped, interrupted");
  assert.equal(
    comments.get("relation_distance.isd_text"),
    "intra-modal self-attention distance (ISD) over words (the paper's L): KL divergence, both " +
      "directions added, nats per row; NULL for a caption without words",
  );
  const tables = current.filter(({ kind }) => kind === "TABLE");
  for (const { name, columns } of tables) {
    for (const column of columns) {
      assert.equal(comments.get(`${name}.${column.name}`), column.comment);
    }
  }
});
