/** What a run tells the database while it goes on. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { ablationReport } from "./ablation.ts";
import { existsSync } from "node:fs";
import {
  DatabaseBroken,
  databaseFile,
  DatabaseTaken,
  transaction,
  withDatabase,
} from "./database.ts";
import { forgetRun, ingestRun, insert } from "./ingest.ts";
import { reconcile } from "./reconcile.ts";
import { appendRows, linesFrom, readColumns, type TableColumns } from "./row_writer.ts";
import { readManifest, rowFiles } from "./stored_files.ts";

/** What the ledger must know of a run. */
export interface LedgerNode {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  readonly definition: { readonly name: string };
}

/** How far a file of rows was read, and which file it was. */
interface Tail {
  readonly end: number;
  readonly inode: number | null;
}

/**
 * The database is an index over the folder: where it is taken or broken for the moment, the ledger
 * goes on without it, and `reconcile` takes over what is missing later.
 */
export function openLedger(root: string) {
  const tails = new Map<string, Tail>();
  const batches = batchWriter(root);
  return {
    async check() {
      if (!existsSync(databaseFile(root))) return;
      try {
        await withDatabase(root, () => Promise.resolve(), { readOnly: true });
      } catch (error) {
        if (!(error instanceof DatabaseTaken || error instanceof DatabaseBroken)) throw error;
      }
    },
    started: (node: LedgerNode, why: string, time: string) =>
      batches.add(async (connection, columns) => {
        await forgetRun(connection, columns, node.key);
        const { key: run, stage, label, definition: { name: kind } } = node;
        const started = time.replace("Z", "");
        await insert(connection, "stage_run", {
          run,
          stage,
          kind,
          label,
          status: "running",
          why,
          started,
        });
      }),
    live: (nodes: readonly LedgerNode[]) => {
      const grown = nodes.flatMap((node) => growth(root, node, tails));
      return grown.length === 0 ? Promise.resolve() : batches.add(async (connection, columns) => {
        await takeOver(connection, columns, grown);
        for (const { path, tail } of grown) tails.set(path, tail);
      });
    },
    ended: (node: LedgerNode, status: "complete" | "failed" | "stopped") =>
      batches.add(async (connection, columns) => {
        const { key: run, definition: { name: kind } } = node;
        const folder = `artifacts/${kind}/${run}`;
        const manifest = status === "complete" ? readManifest(root, folder) : undefined;
        if (manifest !== undefined) {
          await ingestRun(connection, root, columns, { folder, manifest });
        } else {
          await connection.run("UPDATE stage_run SET status = $status WHERE run = $run", {
            status,
            run,
          });
        }
      }),
    async reconcile(say: (line: string) => void) {
      await batches.settled();
      try {
        await reconcile(root, say);
      } catch (error) {
        if (!(error instanceof DatabaseTaken)) throw error;
        say("warning: another process holds the result database; it is brought up to date later");
      }
    },
    async report(id: string) {
      await batches.settled();
      return await withDatabase(root, (connection) => ablationReport(connection, id));
    },
  };
}

type Work = (connection: DuckDBConnection, columns: TableColumns) => Promise<void>;

/** Collects what there is to write while the file is being written, and writes it in one go. */
function batchWriter(root: string) {
  let waiting: Work[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await withDatabase(root, async (connection) => {
          const columns = await readColumns(connection);
          await transaction(connection, async () => {
            for (const work of batch) await work(connection, columns);
          });
        }, { patience: 2000 });
      } catch (error) {
        if (!(error instanceof DatabaseTaken || error instanceof DatabaseBroken)) throw error;
      }
    }
  };
  return {
    /** Resolves when it is written, or was given up because the file was taken. */
    add(work: Work): Promise<void> {
      waiting.push(work);
      return writing ??= write().finally(() => writing = undefined);
    },
    settled: () => writing ?? Promise.resolve(),
  };
}

interface Growth {
  readonly run: string;
  readonly table: string;
  readonly path: string;
  readonly lines: readonly string[];
  readonly tail: Tail;
  /** The file was written anew: what was taken over before no longer holds. */
  readonly anew: boolean;
}

/** What the row files of a running stage hold beyond what was read before. */
function growth(root: string, { key: run }: LedgerNode, tails: Map<string, Tail>): Growth[] {
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

async function takeOver(
  connection: DuckDBConnection,
  columns: TableColumns,
  grown: readonly Growth[],
): Promise<void> {
  for (const { run, table, lines, anew } of grown) {
    if (!columns.has(table)) continue;
    if (anew) await connection.run(`DELETE FROM ${table} WHERE run = $run`, { run });
    await appendRows(connection, columns, { run, table, lines });
  }
  for (const run of new Set(grown.map((one) => one.run))) {
    await connection.run(
      "UPDATE stage_run SET status = 'running' WHERE run = $run AND status = 'interrupted'",
      { run },
    );
  }
}
