/** Exports the tables of the database as Parquet files. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { openExport } from "./export_folder.ts";
import { readColumns } from "../database/row_writer.ts";

/**
 * Sorts the rows, so that equal tables give equal files.
 *
 * @param requests ids of the requests whose rows to export; all rows if undefined
 * @returns number of tables
 */
export async function exportTables(
  connection: DuckDBConnection,
  out: ReturnType<typeof openExport>,
  requests?: readonly string[],
): Promise<number> {
  await connection.run("SET threads = 1");
  await connection.run("SET preserve_insertion_order = true");
  const comments = await tableComments(connection);
  // What the folder held when the database was filled is no result.
  const columns = [...await readColumns(connection)].filter(([table]) => table !== "source_file");
  if (requests !== undefined) await selectRows(connection, requests);
  for (const [table, [first]] of columns) {
    const path = `tables/${table}.parquet`;
    const target = out.place(path).replaceAll("'", "''");
    const wanted = requests === undefined ? "" : rowsWanted(table, first!.name);
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
  return columns.length;
}

/** Creates what `rowsWanted` refers to, as temporary tables because the database is read-only. */
export async function selectRows(
  connection: DuckDBConnection,
  requests: readonly string[],
): Promise<void> {
  await connection.run(
    "CREATE OR REPLACE TEMP TABLE wanted_experiment AS SELECT unnest($requests) AS id",
    { requests: listValue([...requests]) },
    { requests: LIST(VARCHAR) },
  );
  await connection.run(
    "CREATE OR REPLACE TEMP TABLE wanted_run AS SELECT DISTINCT run FROM experiment_run " +
      "WHERE experiment IN (FROM wanted_experiment)",
  );
}

/** @param first first column of the table: what its rows belong to */
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
