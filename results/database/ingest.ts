/** Adds complete artifacts and requests to the database. Adding them twice changes nothing. */
import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { NotIndexed } from "./not_indexed.ts";
import { linesFrom, openRows, type RowWriter, type TableColumns, valueText } from "./row_writer.ts";
import {
  type Certificate,
  type FailureRecord,
  type Manifest,
  readManifest,
  type RequestRecord,
  rowFiles,
} from "./stored_files.ts";

/** Tables about which experiments need a run. Its own rows are in the others whose first column is `run`. */
const sharedTables = ["experiment_run", "run_point"];

export interface CompleteArtifact {
  /** Relative to the results folder. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** @returns the number of complete runs added, and what was left out of their rows, in words */
export async function ingest(
  connection: DuckDBConnection,
  root: string,
  { columns, notIndexed }: { columns: TableColumns; notIndexed: NotIndexed },
): Promise<{ runs: number; left: string[] }> {
  for (const run of notIndexed.interrupted) await setStatus(connection, run, "interrupted");
  const found = notIndexed.artifacts.flatMap(({ folder }) => {
    const manifest = readManifest(root, folder);
    return manifest === undefined ? [] : [{ folder, manifest }];
  });
  const known = await knownRuns(connection, found.map(({ manifest }) => manifest.key));
  for (const table of runTables(columns)) await deleteRuns(connection, table, known);
  const left = new Set<string>();
  using rows = openRows(connection, columns);
  for (const complete of found) {
    for (const text of await addRun(rows, root, complete)) left.add(text);
  }
  for (const failure of notIndexed.failures) await addFailure(rows, failure);
  for (const certificate of notIndexed.certificates) await addCertificate(rows, certificate);
  for (const request of notIndexed.requests) await addRequest(rows, request);
  rows.flush();
  for (const { id, requested: time } of notIndexed.repeated) {
    await connection.run(
      "UPDATE experiment SET requested = CAST($time AS TIMESTAMP) WHERE id = $id",
      { time: time.replace("Z", ""), id },
    );
  }
  return { runs: found.length, left: [...left] };
}

/**
 * Adds everything that an artifact says about its run. The database must not have rows of that run.
 *
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
  for (const part of ["artifact/rows", "log"]) {
    for (const { table, path } of rowFiles(`${root}/${folder}/${part}`)) {
      const { lines } = linesFrom(path, 0);
      left.push(...await rows.addLines({ run, table, lines }));
    }
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

async function addFailure(rows: RowWriter, failure: FailureRecord): Promise<void> {
  const { key: run, stage, kind, label, time: started } = failure;
  await rows.add("stage_run", { run, stage, kind, label, status: "failed", started });
}

async function addCertificate(rows: RowWriter, certificate: Certificate): Promise<void> {
  const { id, key: run, label, kind, verdict, digest, remade, differing } = certificate;
  const { time: verified, seconds, madeOn: made_on, host, versions } = certificate;
  await rows.add("certificate", {
    id,
    run,
    label,
    kind,
    verdict,
    digest,
    remade,
    differing: JSON.stringify(differing),
    verified,
    seconds,
    made_on,
    host,
    versions: JSON.stringify(versions),
  });
}

async function addRequest(rows: RowWriter, request: RequestRecord): Promise<void> {
  const { id, experiment: name, file, requested, baseline, compare, nodes } = request;
  await rows.add("experiment", { id, name, file, compare, requested });
  for (const [axis, value] of Object.entries(baseline)) {
    await rows.add("baseline", { experiment: id, axis, value: valueText(value) });
  }
  const known = new Set<string>();
  for (const [position, { label, stage, key: run, point }] of nodes.entries()) {
    // Points of a stage that share a run are rows of run_point only.
    const shared = JSON.stringify([stage, run]);
    if (!known.has(shared)) {
      await rows.add("experiment_run", { experiment: id, run, stage, label, position });
    }
    known.add(shared);
    for (const [axis, value] of Object.entries(point)) {
      await rows.add("run_point", { experiment: id, run, axis, value: valueText(value), label });
    }
  }
}
