/** The tables of the database as Parquet files, which other programs read. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { openExport } from "./export_folder.ts";
import { readColumns } from "../database/row_writer.ts";

/**
 * Rows are in an order that they decide themselves, so that equal tables are equal files.
 *
 * @param askings ids of the askings whose rows are wanted; all rows when undefined
 * @returns how many tables there are
 */
export async function exportTables(
  connection: DuckDBConnection,
  out: ReturnType<typeof openExport>,
  askings?: readonly string[],
): Promise<number> {
  await connection.run("SET threads = 1");
  await connection.run("SET preserve_insertion_order = true");
  const comments = await tableComments(connection);
  const columns = await readColumns(connection);
  if (askings !== undefined) await selectRows(connection, askings);
  for (const [table, [first]] of columns) {
    const path = `tables/${table}.parquet`;
    const target = out.place(path).replaceAll("'", "''");
    const wanted = askings === undefined ? "" : rowsWanted(table, first!.name);
    await connection.run(
      `COPY (SELECT * FROM ${table} ${wanted} ORDER BY ALL) TO '${target}' ` +
        "(FORMAT parquet, COMPRESSION zstd)",
    );
    out.written(path, {
      name: `table ${table}`,
      description: comments.get(table) ?? table,
      encodingFormat: "application/vnd.apache.parquet",
    });
  }
  return columns.size;
}

/** What `rowsWanted` refers to, in memory: the database itself is read-only. */
export async function selectRows(
  connection: DuckDBConnection,
  askings: readonly string[],
): Promise<void> {
  await connection.run(
    "CREATE OR REPLACE TEMP TABLE wanted_experiment AS SELECT unnest($askings) AS id",
    { askings: listValue([...askings]) },
    { askings: LIST(VARCHAR) },
  );
  await connection.run(
    "CREATE OR REPLACE TEMP TABLE wanted_run AS SELECT DISTINCT run FROM experiment_run " +
      "WHERE experiment IN (FROM wanted_experiment)",
  );
}

/** @param first the first column, which says whose the rows are */
function rowsWanted(table: string, first: string): string {
  if (table === "experiment") return "WHERE id IN (FROM wanted_experiment)";
  if (first === "experiment") return "WHERE experiment IN (FROM wanted_experiment)";
  if (first === "run") return "WHERE run IN (FROM wanted_run)";
  return "";
}

async function tableComments(connection: DuckDBConnection): Promise<Map<string, string>> {
  const reader = await connection.runAndReadAll(
    "SELECT table_name, comment FROM duckdb_tables() WHERE comment IS NOT NULL",
  );
  return new Map(reader.getRows() as [string, string][]);
}
