/** Adds what a results folder holds to the database. Adding it twice changes nothing. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import { checkArtifact, isRowFile, setDamagedAside } from "./artifact_check.ts";
import type { NotIndexed } from "./not_indexed.ts";
import { addRecords } from "./record_rows.ts";
import { linesFrom, openRows, type RowWriter, type TableColumns, valueText } from "./row_writer.ts";
import { addSource, forgetSources } from "./source_rows.ts";
import {
  type CompleteArtifact,
  folderOf,
  readRecord,
  rowFiles,
  type SourceFile,
  type StoredRecord,
} from "./stored_files.ts";

/** Tables about which experiments need a run. Its own rows are in the others whose first column is `run`. */
const sharedTables = ["experiment_run", "run_point"];

export interface Ingested {
  /** Number of complete runs that were added. */
  readonly runs: number;
  /** What was set aside or left out, in words. */
  readonly left: readonly string[];
}

export async function ingest(
  connection: DuckDBConnection,
  root: string,
  { columns, notIndexed }: { columns: TableColumns; notIndexed: NotIndexed },
): Promise<Ingested> {
  const { changed, gone, interrupted } = notIndexed;
  for (const run of interrupted) await setStatus(connection, run, "interrupted");
  await forgetSources(connection, [...gone, ...changed.map(({ path }) => path)]);
  const left = new Set<string>();
  using rows = openRows(connection, columns);
  const { intact, damaged, same } = await compared(
    connection,
    root,
    changed.filter(({ kind }) => kind === "artifact"),
  );
  const obsolete = await knownRuns(connection, [
    ...intact.map(({ artifact }) => artifact.manifest.key),
    ...damaged.map(({ source }) => keyOf(source)),
  ]);
  for (const table of runTables(columns)) await deleteRuns(connection, table, obsolete);
  for (const { source, artifact } of intact) {
    for (const text of await addRun(rows, root, artifact)) {
      left.add(`some rows of ${artifact.manifest.circumstances.label} are not used: ${text}`);
    }
    await addSource(rows, source);
  }
  for (const source of same) await addSource(rows, source);
  // A damaged artifact that stays where it is, is looked at again the next time.
  for (const { source, reason } of damaged) left.add(await setAside(root, source, reason));
  const records: StoredRecord[] = [];
  for (const source of changed.filter(({ kind }) => kind !== "artifact")) {
    const record = readRecord(root, source);
    if (record.state === "absent") continue;
    const problem = record.state === "unusable" ? record.reason : undefined;
    if (record.state === "read") records.push(record.content);
    else left.add(`${source.path} is not used: the file ${record.reason}`);
    await addSource(rows, source, problem);
  }
  rows.flush();
  await addRecords(connection, rows, records);
  rows.flush();
  return { runs: intact.length, left: [...left] };
}

interface Compared {
  readonly intact: { readonly source: SourceFile; readonly artifact: CompleteArtifact }[];
  readonly damaged: { readonly source: SourceFile; readonly reason: string }[];
  /** Of these the database has the same content already. */
  readonly same: SourceFile[];
}

/** Compares artifacts with their manifests, and with what the database has of them. */
async function compared(
  connection: DuckDBConnection,
  root: string,
  sources: readonly SourceFile[],
): Promise<Compared> {
  const result: Compared = { intact: [], damaged: [], same: [] };
  if (sources.length === 0) return result;
  const digests = await completeDigests(connection);
  for (const source of sources) {
    const artifact = await checkArtifact(root, folderOf(source));
    if (artifact === undefined) continue;
    if (typeof artifact === "string") result.damaged.push({ source, reason: artifact });
    else if (digests.get(artifact.manifest.key) === artifact.manifest.digest) {
      result.same.push(source);
    } else result.intact.push({ source, artifact });
  }
  return result;
}

async function completeDigests(connection: DuckDBConnection): Promise<Map<string, string>> {
  const reader = await connection.runAndReadAll(
    "SELECT a.run, a.digest FROM artifact AS a JOIN stage_run USING (run) " +
      "WHERE status = 'complete'",
  );
  return new Map(reader.getRows() as [string, string][]);
}

async function setAside(root: string, source: SourceFile, reason: string): Promise<string> {
  const folder = folderOf(source);
  const aside = await setDamagedAside(root, folder);
  const where = aside === undefined
    ? "it is left out"
    : `it was moved to ${aside}, and the next run that needs it computes it again`;
  return `the stored result ${folder} is damaged (${reason}); ${where}`;
}

function keyOf(source: SourceFile): string {
  return folderOf(source).split("/").at(-1)!;
}

/**
 * Adds everything that an artifact says about its run. The database must not have rows of that run.
 *
 * @param artifact its row files have been compared with its manifest
 * @returns what was left out of its rows, in words
 */
export async function addRun(
  rows: RowWriter,
  root: string,
  { folder, manifest }: CompleteArtifact,
): Promise<string[]> {
  const { key: run, preimage, circumstances } = manifest;
  await rows.add("stage_run", {
    run,
    stage: circumstances.stage,
    kind: preimage.stage,
    label: circumstances.label,
    status: "complete",
    why: circumstances.why,
    started: circumstances.started,
    seconds: circumstances.seconds,
    host: circumstances.host,
    device: preimage.compute?.["device"],
    code: preimage.code,
    versions: JSON.stringify(circumstances.versions),
  });
  for (const [port, input] of Object.entries(preimage.inputs)) {
    await rows.add("edge", { run, port, input });
  }
  for (const [role, digest] of Object.entries(preimage.outside ?? {})) {
    await rows.add("outside_file", { run, role, digest });
  }
  for (const [name, value] of Object.entries(preimage.parameters)) {
    await rows.add("parameter", {
      run,
      name,
      value: valueText(value),
      number: typeof value === "number" ? value : null,
      flag: typeof value === "boolean" ? value : null,
    });
  }
  await rows.add("artifact", {
    run,
    kind: manifest.output,
    folder,
    digest: manifest.digest,
    files: manifest.files.length,
    bytes: manifest.files.reduce((sum, { size }) => sum + size, 0),
  });
  const left: string[] = [];
  // Of the artifact only what the manifest lists; the log is not part of it.
  const listed = manifest.files.filter(({ path }) => isRowFile(path)).map(({ path }) => ({
    table: path.slice("rows/".length, -".jsonl".length),
    path: `${root}/${folder}/artifact/${path}`,
  }));
  for (const { table, path } of [...listed, ...rowFiles(`${root}/${folder}/log`)]) {
    const { lines } = linesFrom(path, 0);
    left.push(...await rows.addLines({ run, table, lines }));
  }
  return left;
}

export async function setStatus(
  connection: DuckDBConnection,
  run: string,
  status: string,
): Promise<void> {
  await connection.run("UPDATE stage_run SET status = $status WHERE run = $run", { status, run });
}

/** Those of the runs that the database knows. */
export async function knownRuns(
  connection: DuckDBConnection,
  runs: readonly string[],
): Promise<string[]> {
  if (runs.length === 0) return [];
  const reader = await connection.runAndReadAll(
    "SELECT run FROM stage_run WHERE run IN (SELECT unnest($runs))",
    { runs: listValue(runs) },
    { runs: LIST(VARCHAR) },
  );
  return reader.getRows().map(([run]) => String(run));
}

export async function deleteRuns(
  connection: DuckDBConnection,
  table: string,
  runs: readonly string[],
): Promise<void> {
  if (runs.length === 0) return;
  await connection.run(
    `DELETE FROM ${table} WHERE run IN (SELECT unnest($runs))`,
    { runs: listValue(runs) },
    { runs: LIST(VARCHAR) },
  );
}

/** Every table that can have rows of a run, except those about which experiments need it. */
export function runTables(columns: TableColumns): string[] {
  return [...columns]
    .filter(([table, [first]]) => first?.name === "run" && !sharedTables.includes(table))
    .map(([table]) => table);
}
