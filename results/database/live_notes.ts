/** What a run tells while it goes on, and how a batch of it comes into the database. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { addRun, type Complete, deleteRuns, knownRuns, runTables, setStatus } from "./ingest.ts";
import { openRows, type RowWriter, type TableColumns } from "./row_writer.ts";
import { readManifest } from "./stored_files.ts";

/** What the index must know of a run. */
export interface IndexedNode {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  readonly definition: { readonly name: string };
}

export type EndStatus = "complete" | "failed" | "stopped";

/** New lines of a file of rows that a running stage writes. */
export interface Growth {
  readonly run: string;
  readonly table: string;
  readonly lines: readonly string[];
  /** The file was written anew: what was taken over before no longer holds. */
  readonly anew: boolean;
}

export type Note =
  | { readonly type: "started"; node: IndexedNode; why: string; time: string }
  | { readonly type: "grown"; growth: readonly Growth[]; taken(): void }
  | { readonly type: "ended"; node: IndexedNode; status: EndStatus };

/**
 * The tables in which the database has rows of a run that goes on. Who is not in here may have rows
 * anywhere, left by a program that was killed.
 */
export type Holdings = Map<string, ReadonlySet<string>>;

/** What a batch says of one run, taken together. */
interface Change {
  /** Begins anew: nothing of what the database has of it holds. */
  readonly anew: boolean;
  /** Its row while it runs, or the whole of it. */
  readonly row?: Readonly<Record<string, string>>;
  readonly complete?: Complete;
  readonly status?: EndStatus;
  readonly growth: readonly Growth[];
}

/**
 * Writes within a transaction, with as few statements as can be.
 *
 * @returns what the database holds of the runs now, for when the transaction is through
 */
export async function writeNotes(
  connection: DuckDBConnection,
  notes: readonly Note[],
  { root, columns, holdings }: { root: string; columns: TableColumns; holdings: Holdings },
): Promise<Holdings> {
  const changes = changesIn(notes, root);
  await clear(connection, changes, { columns, holdings });
  const after: Holdings = new Map(holdings);
  using rows = openRows(connection, columns);
  for (const [run, { anew, complete, row, growth }] of changes) {
    if (complete !== undefined) {
      await addRun(rows, root, complete);
      after.delete(run);
      continue;
    }
    if (row !== undefined) await rows.add("stage_run", row);
    const held = anew ? new Set(["stage_run"]) : new Set(holdings.get(run));
    for (const table of await addGrowth(rows, growth, columns)) held.add(table);
    if (anew || holdings.has(run)) after.set(run, held);
  }
  rows.flush();
  for (const [run, { row, status, growth }] of changes) {
    if (row === undefined && status !== undefined) await setStatus(connection, run, status);
    // Another process marked it when it saw nobody at work.
    if (growth.length > 0 && status === undefined) {
      await connection.run(
        "UPDATE stage_run SET status = 'running' WHERE run = $run AND status = 'interrupted'",
        { run },
      );
    }
  }
  return after;
}

function changesIn(notes: readonly Note[], root: string): Map<string, Change> {
  const changes = new Map<string, Change>();
  const before = (run: string): Change => changes.get(run) ?? { anew: false, growth: [] };
  for (const note of notes) {
    switch (note.type) {
      case "started": {
        const { node: { key: run, stage, label, definition: { name: kind } }, why } = note;
        const row = { run, stage, kind, label, status: "running", why, started: note.time };
        changes.set(run, { anew: true, row, growth: [] });
        break;
      }
      case "grown":
        for (const grown of note.growth) {
          const change = before(grown.run);
          changes.set(grown.run, { ...change, growth: [...change.growth, grown] });
        }
        break;
      case "ended": {
        const { node: { key: run, definition: { name: kind } }, status } = note;
        const folder = `artifacts/${kind}/${run}`;
        const manifest = status === "complete" ? readManifest(root, folder) : undefined;
        const change = before(run);
        changes.set(
          run,
          manifest === undefined
            ? { ...change, status, ...(change.row && { row: { ...change.row, status } }) }
            : { anew: true, complete: { folder, manifest }, growth: [] },
        );
        break;
      }
      default:
        note satisfies never;
    }
  }
  return changes;
}

/** Deletes what no longer holds: a statement per table, and only where there may be rows. */
async function clear(
  connection: DuckDBConnection,
  changes: ReadonlyMap<string, Change>,
  { columns, holdings }: { columns: TableColumns; holdings: Holdings },
): Promise<void> {
  const anew = [...changes].filter(([, change]) => change.anew).map(([run]) => run);
  const unsure = await knownRuns(connection, anew.filter((run) => !holdings.has(run)));
  const tables = runTables(columns);
  const doomed = new Map<string, string[]>(tables.map((table) => [table, [...unsure]]));
  for (const run of anew) {
    for (const table of holdings.get(run) ?? []) doomed.get(table)?.push(run);
  }
  for (const [run, change] of changes) {
    if (change.anew) continue;
    for (const grown of change.growth) if (grown.anew) doomed.get(grown.table)?.push(run);
  }
  for (const [table, runs] of doomed) await deleteRuns(connection, table, runs);
}

/** @returns the tables that got rows */
async function addGrowth(
  rows: RowWriter,
  growth: readonly Growth[],
  columns: TableColumns,
): Promise<string[]> {
  const known = growth.filter(({ table }) => columns.has(table));
  // A file that was written anew says everything that its table holds of the run.
  const last = new Map(known.flatMap((one, index) => one.anew ? [[one.table, index]] : []));
  const valid = known.filter(({ table }, index) => index >= (last.get(table) ?? 0));
  for (const grown of valid) await rows.addLines(grown);
  return valid.map(({ table }) => table);
}
