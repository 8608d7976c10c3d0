/** The table `source_file`: which files the database was filled from, and their state then. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { RowWriter } from "./row_writer.ts";
import type { SourceFile } from "./stored_files.ts";

/** @param problem why nothing of the file is in the database */
export async function addSource(
  rows: RowWriter,
  { path, state }: SourceFile,
  problem?: string,
): Promise<void> {
  await rows.add("source_file", { path, state, problem });
}

export async function forgetSources(
  connection: DuckDBConnection,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  await connection.run(
    "DELETE FROM source_file WHERE path IN (SELECT unnest($paths))",
    { paths: listValue(paths) },
    { paths: LIST(VARCHAR) },
  );
}
