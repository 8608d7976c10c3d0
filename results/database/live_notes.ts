/** Notes about stages that start, write rows and end, and how a batch of them is written. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { addRun, deleteRuns, knownRuns, runTables, setStatus } from "./ingest.ts";
import { openRows, type RowWriter, type TableColumns } from "./row_writer.ts";
import { artifactSource, type CompleteArtifact } from "./stored_files.ts";
import { checkArtifact } from "./artifact_check.ts";
import { addSource, forgetSources } from "./source_rows.ts";

/** The part of a keyed node that the index stores. */
export interface IndexedNode {
  readonly key: string;
  readonly label: string;
  readonly stage: string;
  readonly definition: { readonly name: string };
}

export type EndStatus = "complete" | "failed" | "stopped";

/** New lines of a row file that a running stage writes. */
export interface Growth {
  readonly run: string;
  readonly table: string;
  readonly lines: readonly string[];
  /** It is another file than before: rows that were added from the earlier one are obsolete. */
  readonly replaced: boolean;
}

export type Note =
  | { readonly type: "started"; node: IndexedNode; why: string; time: string }
  | { readonly type: "grown"; growth: readonly Growth[]; written(): void }
  | { readonly type: "ended"; node: IndexedNode; status: EndStatus };

/**
 * Run in progress -> tables in which the database has rows of it. A run that is missing here may have
 * rows in any table, left by a process that was killed.
 */
export type Holdings = Map<string, ReadonlySet<string>>;

/** Everything that a batch says about one run. */
interface Change {
  /** It starts or is complete: all rows that the database has of it are obsolete. */
  readonly restarted: boolean;
  /** Its row in `stage_run` while it is in progress. */
  readonly row?: Readonly<Record<string, string>>;
  readonly complete?: CompleteArtifact;
  readonly status?: EndStatus;
  readonly growth: readonly Growth[];
}

/**
 * Call it in a transaction. Uses few statements, because each of them takes long.
 *
 * @returns the holdings after the transaction
 */
export async function writeNotes(
  connection: DuckDBConnection,
  notes: readonly Note[],
  { root, columns, holdings }: { root: string; columns: TableColumns; holdings: Holdings },
): Promise<Holdings> {
  const changes = await changesIn(notes, root);
  await deleteObsolete(connection, changes, { columns, holdings });
  const complete = [...changes.values()].flatMap((change) => change.complete ?? []);
  await forgetSources(connection, complete.map(({ folder }) => artifactSource(root, folder).path));
  const after: Holdings = new Map(holdings);
  using rows = openRows(connection, columns);
  for (const [run, { restarted, complete, row, growth }] of changes) {
    if (complete !== undefined) {
      await addRun(rows, root, complete);
      await addSource(rows, artifactSource(root, complete.folder));
      after.delete(run);
      continue;
    }
    if (row !== undefined) await rows.add("stage_run", row);
    const held = restarted ? new Set(["stage_run"]) : new Set(holdings.get(run));
    for (const table of await addGrowth(rows, growth, columns)) held.add(table);
    if (restarted || holdings.has(run)) after.set(run, held);
  }
  rows.flush();
  for (const [run, { row, status, growth }] of changes) {
    if (row === undefined && status !== undefined) await setStatus(connection, run, status);
    // Another process saw nobody hold its lock and marked it as interrupted.
    if (growth.length > 0 && status === undefined) {
      await connection.run(
        "UPDATE stage_run SET status = 'running' WHERE run = $run AND status = 'interrupted'",
        { run },
      );
    }
  }
  return after;
}

async function changesIn(
  notes: readonly Note[],
  root: string,
): Promise<Map<string, Change>> {
  const changes = new Map<string, Change>();
  const before = (run: string): Change => changes.get(run) ?? { restarted: false, growth: [] };
  for (const note of notes) {
    switch (note.type) {
      case "started": {
        const { node: { key: run, stage, label, definition: { name: kind } }, why } = note;
        const row = { run, stage, kind, label, status: "running", why, started: note.time };
        changes.set(run, { restarted: true, row, growth: [] });
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
        const complete = status === "complete" ? await checkArtifact(root, folder) : undefined;
        const change = before(run);
        changes.set(
          run,
          complete === undefined || typeof complete === "string"
            ? { ...change, status, ...(change.row && { row: { ...change.row, status } }) }
            : { restarted: true, complete, growth: [] },
        );
        break;
      }
      default:
        note satisfies never;
    }
  }
  return changes;
}

/** Deletes obsolete rows: one statement per table, and only where there may be any. */
async function deleteObsolete(
  connection: DuckDBConnection,
  changes: ReadonlyMap<string, Change>,
  { columns, holdings }: { columns: TableColumns; holdings: Holdings },
): Promise<void> {
  const restarted = [...changes].filter(([, change]) => change.restarted).map(([run]) => run);
  const unsure = await knownRuns(connection, restarted.filter((run) => !holdings.has(run)));
  const tables = runTables(columns);
  const obsolete = new Map<string, string[]>(tables.map((table) => [table, [...unsure]]));
  for (const run of restarted) {
    for (const table of holdings.get(run) ?? []) obsolete.get(table)?.push(run);
  }
  for (const [run, change] of changes) {
    if (change.restarted) continue;
    for (const grown of change.growth) if (grown.replaced) obsolete.get(grown.table)?.push(run);
  }
  for (const [table, runs] of obsolete) await deleteRuns(connection, table, runs);
}

/** @returns the tables that got rows */
async function addGrowth(
  rows: RowWriter,
  growth: readonly Growth[],
  columns: TableColumns,
): Promise<string[]> {
  const known = growth.filter(({ table }) => columns.has(table));
  // A replaced file holds all rows that its table has of the run.
  const last = new Map(known.flatMap((one, index) => one.replaced ? [[one.table, index]] : []));
  const valid = known.filter(({ table }, index) => index >= (last.get(table) ?? 0));
  for (const grown of valid) await rows.addLines(grown);
  return valid.map(({ table }) => table);
}
