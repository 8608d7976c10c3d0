/** Keeps the database up to date while a run is in progress. */
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { batchWriter } from "./batch_writer.ts";
import {
  databaseFile,
  DatabaseLocked,
  DatabaseUnreadable,
  transaction,
  withDatabase,
} from "./database.ts";
import { orRebuilt, reconcile } from "./reconcile.ts";
import { linesFrom, readColumns, type TableColumns } from "./row_writer.ts";
import {
  type EndStatus,
  type Growth,
  type Holdings,
  type IndexedNode,
  type Note,
  writeNotes,
} from "./live_notes.ts";
import { SchemaOutdated } from "./schema.ts";
import { rowFiles } from "./stored_files.ts";

/** How far a row file was read, and which file it was. */
interface Tail {
  /** Offset in bytes. */
  readonly end: number;
  readonly inode: number | null;
}

export interface LiveIndexOptions {
  /** Describes the results of the request with this id. */
  report(connection: DuckDBConnection, id: string): Promise<string>;
}

/**
 * The database is an index of the folder. So a run goes on while the database is locked or cannot be
 * read, and `reconcile` adds later what is missing.
 */
export function openLiveIndex(root: string, { report }: LiveIndexOptions) {
  const tails = new Map<string, Tail>();
  const batches = batchWriter({ write: noteWriter(root) });
  return {
    async check() {
      if (!existsSync(databaseFile(root))) return;
      try {
        await withDatabase(root, () => Promise.resolve(), { readOnly: true });
      } catch (error) {
        const harmless = error instanceof DatabaseLocked || error instanceof DatabaseUnreadable ||
          error instanceof SchemaOutdated;
        if (!harmless) throw error;
      }
    },
    started: (node: IndexedNode, why: string, time: string) =>
      batches.add({ type: "started", node, why, time }),
    live(nodes: readonly IndexedNode[]) {
      const grown = nodes.flatMap((node) => growth(root, node, tails));
      if (grown.length === 0) return Promise.resolve();
      const written = () => {
        for (const { path, tail } of grown) tails.set(path, tail);
      };
      return batches.add({ type: "grown", growth: grown, written });
    },
    ended: (node: IndexedNode, status: EndStatus) => batches.add({ type: "ended", node, status }),
    async reconcile(say: (line: string) => void) {
      await batches.settled();
      try {
        await reconcile(root, say);
      } catch (error) {
        if (!(error instanceof DatabaseLocked)) throw error;
        say("warning: another process has the result database open; it will be updated later");
      }
    },
    async report(id: string, say: (line: string) => void) {
      await batches.settled();
      return await orRebuilt(
        root,
        say,
        () => withDatabase(root, (connection) => report(connection, id)),
      );
    },
  };
}

/** Writes batches of notes. While the file is locked it keeps those that the folder cannot provide. */
function noteWriter(root: string) {
  let holdings: Holdings = new Map();
  let columns: TableColumns | undefined;
  return async (notes: readonly Note[]): Promise<Note[]> => {
    try {
      holdings = await withDatabase(root, async (connection) => {
        const known = columns ??= await readColumns(connection);
        return await transaction(
          connection,
          () => writeNotes(connection, notes, { root, columns: known, holdings }),
        );
      }, { patience: 2000 });
    } catch (error) {
      if (error instanceof DatabaseLocked) return notes.filter(({ type }) => type !== "grown");
      if (error instanceof DatabaseUnreadable) return [];
      throw error;
    }
    for (const note of notes) if (note.type === "grown") note.written();
    return [];
  };
}

interface FileGrowth extends Growth {
  readonly path: string;
  readonly tail: Tail;
}

/** New lines in the row files of a running stage. */
function growth(root: string, { key: run }: IndexedNode, tails: Map<string, Tail>): FileGrowth[] {
  return ["artifact/rows", "log"].flatMap((part) =>
    rowFiles(`${root}/pending/${run}/${part}`).flatMap(({ table, path }) => {
      try {
        const { ino, size } = Deno.statSync(path);
        const before = tails.get(path);
        const replaced = before === undefined || before.inode !== ino || size < before.end;
        const { lines, end } = linesFrom(path, replaced ? 0 : before.end);
        const unchanged = lines.length === 0 && !replaced;
        return unchanged ? [] : [{ run, table, path, lines, tail: { end, inode: ino }, replaced }];
      } catch (error) {
        // The stage became complete meanwhile, so its folder was renamed.
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    })
  );
}
