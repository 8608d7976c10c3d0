/** Brings the database up to what the folder holds, and makes it anew when it cannot be read. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  DatabaseBroken,
  databaseFile,
  type OpenOptions,
  transaction,
  withDatabase,
} from "./database.ts";
import { ingestMissing } from "./ingest.ts";
import { findMissing, isNothing, scanStored, type Stored } from "./not_indexed.ts";
import { readColumns } from "./row_writer.ts";
import { schemaVersion } from "./schema.ts";

/**
 * @param say told what had to be mended or left out
 * @returns how many runs were taken over
 */
export async function reconcile(
  root: string,
  say: (line: string) => void,
  options: OpenOptions = {},
): Promise<number> {
  const stored = scanStored(root);
  const ingest = () =>
    withDatabase(root, (connection) => ingestAll(connection, root, { stored, say }), {
      ...options,
      movedFrom: (version) =>
        say(`brought the result database forward from schema ${version} to ${schemaVersion}`),
    });
  try {
    return await ingest();
  } catch (error) {
    if (!(error instanceof DatabaseBroken)) throw error;
    return await makeAnew(root, error, { ingest, say });
  }
}

/**
 * Asks a database that was brought up to date. What it cannot read of it may be damage that nobody
 * met before; then it asks one that was made anew.
 */
export async function orMadeAnew<Result>(
  root: string,
  say: (line: string) => void,
  ask: () => Promise<Result>,
): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof DatabaseBroken)) throw error;
    await makeAnew(root, error, { ingest: () => reconcile(root, say), say });
    return await ask();
  }
}

async function makeAnew(
  root: string,
  { reason }: DatabaseBroken,
  { ingest, say }: { ingest(): Promise<number>; say(line: string): void },
): Promise<number> {
  const aside = setDatabaseAside(root);
  const runs = await ingest();
  say(
    `warning: the result database could not be read (${reason}); ` +
      `it is kept in ${aside} and was made anew from ${runs} artifacts`,
  );
  return runs;
}

/** Moves the database and its log away; returns the folder, from the root. */
export function setDatabaseAside(root: string): string {
  for (let number = 1;; number++) {
    const folder = `state/set_aside/database-${number}`;
    try {
      Deno.mkdirSync(`${root}/state/set_aside`, { recursive: true });
      Deno.mkdirSync(`${root}/${folder}`);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) continue;
      throw error;
    }
    for (const end of ["", ".wal"]) {
      try {
        Deno.renameSync(`${databaseFile(root)}${end}`, `${root}/${folder}/results.duckdb${end}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    return folder;
  }
}

async function ingestAll(
  connection: DuckDBConnection,
  root: string,
  { stored, say }: { stored: Stored; say(line: string): void },
): Promise<number> {
  const missing = await findMissing(connection, root, stored);
  if (isNothing(missing)) return 0;
  const columns = await readColumns(connection);
  const { runs, left } = await transaction(
    connection,
    () => ingestMissing(connection, root, { columns, missing }),
  );
  for (const text of left) say(`warning: some rows are not in the database: ${text}`);
  return runs;
}
