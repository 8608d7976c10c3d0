/** Reading the result database while runs may be going on, and when it has to be made first. */
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import {
  DatabaseBroken,
  databaseFile,
  DatabaseProtected,
  DatabaseTaken,
  withDatabase,
} from "./database.ts";
import { findMissing, isNothing, scanStored } from "./not_indexed.ts";
import { orMadeAnew, reconcile } from "./reconcile.ts";
import { SchemaOld } from "./schema.ts";

/**
 * Brings the database up to what the folder holds, as far as that can be done now, opens it
 * read-only, calls back, and closes it.
 *
 * @param warn told what had to be mended
 */
export async function readResults<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
  { warn }: { warn(line: string): void },
): Promise<Result> {
  if (!existsSync(databaseFile(root)) && !existsSync(`${root}/artifacts`)) {
    throw new Complaint(
      "there are no results here yet",
      "run an experiment first, as in: deno task run experiments/smoke.yaml",
      { place: { file: root } },
    );
  }
  const current = await readIfCurrent(root, use);
  if (current !== undefined) return current.result;
  await catchUp(root, warn);
  return await orMadeAnew(root, warn, () => withDatabase(root, use, { readOnly: true }));
}

/** Most often the database holds what the folder holds: one look shows it, and nobody is kept out. */
async function readIfCurrent<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
): Promise<{ result: Result } | undefined> {
  if (!existsSync(databaseFile(root))) return undefined;
  const stored = scanStored(root);
  try {
    return await withDatabase(root, async (connection) => {
      const missing = await findMissing(connection, root, stored);
      return isNothing(missing) ? { result: await use(connection) } : undefined;
    }, { readOnly: true });
  } catch (error) {
    if (error instanceof DatabaseBroken || error instanceof SchemaOld) return undefined;
    throw error;
  }
}

/** The rows of a query as objects; times come as texts. */
export async function rowsOf<Row>(
  connection: DuckDBConnection,
  query: string,
  values: Record<string, string | number | null> = {},
): Promise<Row[]> {
  const reader = await connection.runAndReadAll(query, values);
  return reader.getRowObjects() as Row[];
}

/** Takes over what a killed run left; when that is not possible now, what is there has to do. */
async function catchUp(root: string, warn: (line: string) => void): Promise<void> {
  try {
    await reconcile(root, warn, { patience: 1000 });
  } catch (error) {
    const harmless = error instanceof DatabaseTaken || error instanceof DatabaseBroken ||
      error instanceof DatabaseProtected || error instanceof Deno.errors.PermissionDenied;
    if (!harmless) throw error;
  }
}
