import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { answerToParquet, queryDatabase } from "../../../results/queries/sql.ts";
import { storeResults } from "../../support/stored_results.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const warn = (line: string) => assert.fail(line);

/** A folder with results, and a file beside them that no query may read. */
async function filled() {
  const folder = temporaryFolder();
  const root = `${folder.path}/results`;
  storeResults(root);
  Deno.writeTextFileSync(`${folder.path}/secret.csv`, "a,b\n1,2\n");
  const ask = (query: string) => queryDatabase(root, query, { format: "csv", width: 80, warn });
  await ask("SELECT 1"); // builds the database
  return { path: folder.path, root, ask, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const refusal = /^error: `sql` answers questions about the result database: it changes nothing,/;

Deno.test("a query writes nothing, reads no other files, loads nothing and sets nothing", async () => {
  using folder = await filled();
  const { path, root, ask } = folder;
  const secret = `${path}/secret.csv`;
  const written = `${path}/written`;
  const before = Deno.readFileSync(`${root}/results.duckdb`);
  for (
    const query of [
      `COPY (SELECT 1) TO '${written}'`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${written}'`,
      // DuckDB leaves the files of the open database accessible.
      `COPY (SELECT 1) TO '${root}/results.duckdb'`,
      `COPY (SELECT 1) TO '${root}/results.duckdb.wal'`,
      `EXPLAIN ANALYZE COPY (SELECT 1) TO '${root}/results.duckdb.wal'`,
      `EXPORT DATABASE '${written}'`,
      `IMPORT DATABASE '${path}'`,
      `ATTACH '${written}'`,
      `SELECT * FROM '${secret}'`,
      `SELECT * FROM read_text('${secret}')`,
      `SELECT * FROM read_blob('${secret}')`,
      `SELECT * FROM read_csv('${secret}')`,
      `SELECT * FROM sniff_csv('${secret}')`,
      `SELECT * FROM glob('${path}/*')`,
      `SELECT * FROM query('FROM read_text(''${secret}'')')`,
      `COPY metric FROM '${secret}'`,
      "SELECT * FROM 'http://127.0.0.1:1/x.csv'",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET enable_external_access = true",
      "SET memory_limit = '1GB'",
      `PRAGMA profiling_output = '${written}'`,
      "PRAGMA enable_profiling",
      "CALL enable_logging()",
      "CHECKPOINT",
      "CREATE TEMP TABLE x AS SELECT 1",
      "PREPARE x AS SELECT 1",
    ]
  ) await assert.rejects(ask(query), (error) => refusal.test(String(error)), query);
  assert.ok(!existsSync(written));
  assert.deepEqual(Deno.readFileSync(`${root}/results.duckdb`), before);
  assert.ok(!existsSync(`${root}/results.duckdb.wal`));
});

Deno.test("questions of every kind are answered", async () => {
  using folder = await filled();
  for (
    const [query, start] of [
      ["SELECT 1 AS one", "one\r\n1\r\n"],
      ["FROM metric SELECT count(*) > 0 AS some", "some\r\ntrue\r\n"],
      ["WITH x AS (VALUES (2)) FROM x", "col0\r\n2\r\n"],
      ["SHOW TABLES", "name\r\nablation\r\n"],
      ["DESCRIBE metric", "column_name,"],
      ["SUMMARIZE metric", "column_name,"],
      ["PRAGMA table_info('metric')", "cid,name,"],
      ["EXPLAIN SELECT 1", "explain_key,"],
      ["explain analyze SELECT 1", "explain_key,"],
      ["SELECT 1 AS one; -- a remark", "one\r\n1\r\n"],
    ] as const
  ) assert.ok((await folder.ask(query)).startsWith(start), query);
});

Deno.test("answerToParquet() keeps the types, nested values and repeated names of an answer", async () => {
  using folder = await filled();
  const file = `${folder.path}/answer.parquet`;
  const query = 'SELECT i AS a, i / 2 AS a, \'ü\' || i AS "x""y", [i, NULL] AS list, ' +
    "{'k': i::HUGEINT} AS s, TIMESTAMP '2026-01-02 03:04:05' AS t, NULL::DATE AS d, 1.25::DECIMAL(9, 2) AS m " +
    "FROM range(5000) r(i)";
  assert.equal(await answerToParquet(folder.root, query, { file, warn }), 5000);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`FROM '${file}' LIMIT 1 OFFSET 4999`);
  assert.deepEqual(reader.columnNames(), ["a", "a:1", 'x"y', "list", "s", "t", "d", "m"]);
  assert.deepEqual(reader.getRowsJson(), [[
    ...["4999", 2499.5, "ü4999", ["4999", null]],
    ...[{ k: 4999 }, "2026-01-02 03:04:05", null, "1.25"],
  ]]);
  connection.closeSync();
  instance.closeSync();
});

Deno.test("answerToParquet() writes the columns of an answer without rows", async () => {
  using folder = await filled();
  const file = `${folder.path}/answer.parquet`;
  const query = "SELECT name, value FROM metric WHERE false";
  assert.equal(await answerToParquet(folder.root, query, { file, warn }), 0);
  assert.ok(Deno.statSync(file).size > 0);
});
