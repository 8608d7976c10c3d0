/** Finds what a results folder holds that its database does not contain yet. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { isFileLocked } from "../../pipeline/disk/file_lock.ts";
import type { SourceFile } from "./stored_files.ts";

export interface NotIndexed {
  /** Files that are new or that changed since the database was filled from them. */
  readonly changed: readonly SourceFile[];
  /** Paths of files that the database was filled from and that are gone. */
  readonly gone: readonly string[];
  /** Runs that the database calls running although no process holds their lock. */
  readonly interrupted: readonly string[];
}

/** @param sources of the folder, listed before the database was opened, so that it is open briefly */
export async function findNotIndexed(
  connection: DuckDBConnection,
  root: string,
  sources: readonly SourceFile[],
): Promise<NotIndexed> {
  const rows = async (query: string) =>
    (await connection.runAndReadAll(query)).getRows() as [string, string][];
  const known = new Map(await rows("SELECT path, state FROM source_file"));
  const running = await rows("SELECT run FROM stage_run WHERE status = 'running'");
  const changed = sources.filter(({ path, state }) => known.get(path) !== state);
  const there = new Set(sources.map(({ path }) => path));
  return {
    changed,
    gone: [...known.keys()].filter((path) => !there.has(path)),
    // A run is in progress only while a process holds its lock; a killed process no longer does.
    interrupted: running.map(([run]) => run)
      .filter((run) => !isFileLocked(`${root}/pending/${run}.lock`)),
  };
}

export function isEmpty(notIndexed: NotIndexed): boolean {
  return Object.values(notIndexed).every((list: readonly unknown[]) => list.length === 0);
}
