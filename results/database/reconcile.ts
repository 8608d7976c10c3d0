/** Updates the database to what the folder holds, and rebuilds it if it cannot be read. */
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { makeFolder } from "../../pipeline/disk/obstacle.ts";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import {
  databaseFile,
  DatabaseUnreadable,
  type OpenOptions,
  transaction,
  withDatabase,
} from "./database.ts";
import { ingest } from "./ingest.ts";
import { findNotIndexed, isEmpty } from "./not_indexed.ts";
import { readColumns } from "./row_writer.ts";
import { schemaVersion } from "./schema.ts";
import { listSources, type SourceFile } from "./stored_files.ts";

/**
 * @param say called with what had to be repaired or left out
 * @returns number of complete runs that were added
 */
export async function reconcile(
  root: string,
  say: (line: string) => void,
  options: OpenOptions = {},
): Promise<number> {
  const sources = listSources(root);
  const update = () =>
    withDatabase(root, (connection) => addNotIndexed(connection, root, { sources, say }), {
      ...options,
      upgraded: (from) =>
        say(`upgraded the result database from schema ${from} to schema ${schemaVersion}`),
    });
  try {
    return await update();
  } catch (error) {
    if (!(error instanceof DatabaseUnreadable)) throw error;
    return await replaceUnreadable(root, error, { update, say });
  }
}

/**
 * Queries an updated database. If the query meets damage that nobody met before, queries a rebuilt
 * database instead.
 */
export async function orRebuilt<Result>(
  root: string,
  say: (line: string) => void,
  query: () => Promise<Result>,
): Promise<Result> {
  try {
    return await query();
  } catch (error) {
    if (!(error instanceof DatabaseUnreadable)) throw error;
    await replaceUnreadable(root, error, { update: () => reconcile(root, say), say });
    return await query();
  }
}

/**
 * `rebuild`: builds the database from the artifacts and sets the previous one aside.
 *
 * @returns what was done, in words
 */
export async function rebuildDatabase(
  root: string,
  warn: (line: string) => void = console.error,
): Promise<string> {
  if (!existsSync(`${root}/artifacts`)) {
    throw new Complaint(
      "there are no artifacts to rebuild from",
      "name the results folder with --results, or run an experiment first",
      { place: { file: root } },
    );
  }
  await refuseIfLocked(root);
  const aside = existsSync(databaseFile(root)) ? setDatabaseAside(root) : undefined;
  const runs = await reconcile(root, warn);
  const kept = aside === undefined ? "" : `; the previous one is in ${aside}`;
  return `rebuilt the result database from ${runs} artifacts${kept}`;
}

/** A file must not be moved while another process writes it. */
async function refuseIfLocked(root: string): Promise<void> {
  if (!existsSync(databaseFile(root))) return;
  try {
    await withDatabase(root, () => Promise.resolve());
  } catch (error) {
    if (error instanceof Complaint && !(error instanceof DatabaseUnreadable)) throw error;
  }
}

async function replaceUnreadable(
  root: string,
  { reason }: DatabaseUnreadable,
  { update, say }: { update(): Promise<number>; say(line: string): void },
): Promise<number> {
  const aside = setDatabaseAside(root);
  const runs = await update();
  say(
    `warning: the result database could not be read (${reason}); ` +
      `it was moved to ${aside} and rebuilt from ${runs} artifacts`,
  );
  return runs;
}

/** Moves the database and its log away; returns the new folder, relative to the root. */
export function setDatabaseAside(root: string): string {
  for (let number = 1;; number++) {
    const folder = `state/set_aside/database-${number}`;
    try {
      makeFolder(`${root}/state/set_aside`);
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

async function addNotIndexed(
  connection: DuckDBConnection,
  root: string,
  { sources, say }: { sources: readonly SourceFile[]; say(line: string): void },
): Promise<number> {
  const notIndexed = await findNotIndexed(connection, root, sources);
  if (isEmpty(notIndexed)) return 0;
  const columns = await readColumns(connection);
  const { runs, left } = await transaction(
    connection,
    () => ingest(connection, root, { columns, notIndexed }),
  );
  for (const text of left) say(`warning: ${text}`);
  return runs;
}
