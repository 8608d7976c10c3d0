/** Reads the result database, also while runs are in progress or when it has to be built first. */
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import {
  DatabaseAccessDenied,
  databaseFile,
  DatabaseLocked,
  DatabaseUnreadable,
  withDatabase,
} from "./database.ts";
import { findNotIndexed, isEmpty } from "./not_indexed.ts";
import { orRebuilt, reconcile } from "./reconcile.ts";
import { SchemaOutdated } from "./schema.ts";
import { listSources } from "./stored_files.ts";

/**
 * Updates the database to what the folder holds, as far as that is possible now, opens it read-only,
 * calls `use`, and closes it.
 *
 * @param warn called with what had to be repaired
 */
export async function readResults<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
  { warn }: { warn(line: string): void },
): Promise<Result> {
  if (!existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`)) {
    throw new Complaint(
      "this folder has no results yet",
      "run an experiment first, for example: deno task run experiments/smoke.yaml",
      { place: { file: root } },
    );
  }
  const current = await readIfCurrent(root, use);
  if (current !== undefined) return current.result;
  await catchUp(root, warn);
  return await orRebuilt(root, warn, () => withDatabase(root, use, { readOnly: true }));
}

/** Usually the database is up to date. Then opening it read-only is enough, and locks nobody out. */
async function readIfCurrent<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
): Promise<{ result: Result } | undefined> {
  if (!existsSync(databaseFile(root))) return undefined;
  const sources = listSources(root);
  try {
    return await withDatabase(root, async (connection) => {
      const notIndexed = await findNotIndexed(connection, root, sources);
      return isEmpty(notIndexed) ? { result: await use(connection) } : undefined;
    }, { readOnly: true });
  } catch (error) {
    if (error instanceof DatabaseUnreadable || error instanceof SchemaOutdated) return undefined;
    throw error;
  }
}

/** The rows of a query as objects. */
export async function rowsOf<Row>(
  connection: DuckDBConnection,
  query: string,
  values: Record<string, string | number | null> = {},
): Promise<Row[]> {
  const reader = await connection.runAndReadAll(query, values);
  return reader.getRowObjects() as Row[];
}

/** Adds what the database lacks; if that is not possible now, readers see what it has. */
async function catchUp(root: string, warn: (line: string) => void): Promise<void> {
  try {
    await reconcile(root, warn, { patience: 1000 });
  } catch (error) {
    const harmless = error instanceof DatabaseLocked || error instanceof DatabaseUnreadable ||
      error instanceof DatabaseAccessDenied || error instanceof Deno.errors.PermissionDenied;
    if (!harmless) throw error;
  }
}
