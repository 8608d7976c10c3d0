/** What a run tells the database while it goes on. */
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { batchWriter } from "./batch_writer.ts";
import {
  DatabaseBroken,
  databaseFile,
  DatabaseTaken,
  transaction,
  withDatabase,
} from "./database.ts";
import { orMadeAnew, reconcile } from "./reconcile.ts";
import { linesFrom, readColumns, type TableColumns } from "./row_writer.ts";
import {
  type EndStatus,
  type Growth,
  type Holdings,
  type IndexedNode,
  type Note,
  writeNotes,
} from "./live_notes.ts";
import { SchemaOld } from "./schema.ts";
import { rowFiles } from "./stored_files.ts";

/** How far a file of rows was read, and which file it was. */
interface Tail {
  readonly end: number;
  readonly inode: number | null;
}

export interface LiveIndexOptions {
  /** Words what was found for the request with this id. */
  report(connection: DuckDBConnection, id: string): Promise<string>;
}

/**
 * The database is an index over the folder: where it is taken or broken for the moment, the run goes
 * on without it, and `reconcile` adds what is missing later.
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
        const harmless = error instanceof DatabaseTaken || error instanceof DatabaseBroken ||
          error instanceof SchemaOld;
        if (!harmless) throw error;
      }
    },
    started: (node: IndexedNode, why: string, time: string) =>
      batches.add({ type: "started", node, why, time }),
    live(nodes: readonly IndexedNode[]) {
      const grown = nodes.flatMap((node) => growth(root, node, tails));
      if (grown.length === 0) return Promise.resolve();
      const taken = () => {
        for (const { path, tail } of grown) tails.set(path, tail);
      };
      return batches.add({ type: "grown", growth: grown, taken });
    },
    ended: (node: IndexedNode, status: EndStatus) => batches.add({ type: "ended", node, status }),
    async reconcile(say: (line: string) => void) {
      await batches.settled();
      try {
        await reconcile(root, say);
      } catch (error) {
        if (!(error instanceof DatabaseTaken)) throw error;
        say("warning: another process holds the result database; it is brought up to date later");
      }
    },
    async report(id: string, say: (line: string) => void) {
      await batches.settled();
      return await orMadeAnew(
        root,
        say,
        () => withDatabase(root, (connection) => report(connection, id)),
      );
    },
  };
}

/** Writes batches of notes; while the file is taken it keeps those that the folder does not tell. */
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
      if (error instanceof DatabaseTaken) return notes.filter(({ type }) => type !== "grown");
      if (error instanceof DatabaseBroken) return [];
      throw error;
    }
    for (const note of notes) if (note.type === "grown") note.taken();
    return [];
  };
}

interface FileGrowth extends Growth {
  readonly path: string;
  readonly tail: Tail;
}

/** What the row files of a running stage hold beyond what was read before. */
function growth(root: string, { key: run }: IndexedNode, tails: Map<string, Tail>): FileGrowth[] {
  return ["artifact/rows", "log"].flatMap((part) =>
    rowFiles(`${root}/pending/${run}/${part}`).flatMap(({ table, path }) => {
      try {
        const { ino, size } = Deno.statSync(path);
        const before = tails.get(path);
        const anew = before === undefined || before.inode !== ino || size < before.end;
        const { lines, end } = linesFrom(path, anew ? 0 : before.end);
        const unchanged = lines.length === 0 && !anew;
        return unchanged ? [] : [{ run, table, path, lines, tail: { end, inode: ino }, anew }];
      } catch (error) {
        // The stage became complete, and its folder was renamed, while we looked.
        if (error instanceof Deno.errors.NotFound) return [];
        throw error;
      }
    })
  );
}
