/** Takes complete artifacts, and what was asked, over into the database. Doing it twice changes nothing. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { appendRows, linesFrom, type TableColumns } from "./row_writer.ts";
import {
  listArtifacts,
  listAsked,
  listFailures,
  readManifest,
  rowFiles,
  type StoredAsked,
  type StoredManifest,
} from "./stored_files.ts";

/** A run's rows are in these and in every other table whose first column is `run`. */
const ownTables = ["stage_run", "edge", "parameter", "artifact"];
const sharedTables = ["experiment_run", "run_point"];

/**
 * Brings the database up to what the folder holds.
 *
 * @returns how many runs were taken over, and what was left out of their rows
 */
export async function ingestMissing(
  connection: DuckDBConnection,
  root: string,
  columns: TableColumns,
): Promise<{ runs: number; left: string[] }> {
  const known = await storedDigests(connection);
  const left = new Set<string>();
  let runs = 0;
  for (const { key, folder } of listArtifacts(root)) {
    if (known.has(key) && known.get(key) === readManifest(root, folder)?.digest) continue;
    const manifest = readManifest(root, folder);
    if (manifest === undefined) continue;
    for (const text of await ingestRun(connection, root, columns, { folder, manifest })) {
      left.add(text);
    }
    runs++;
  }
  await ingestFailures(connection, root);
  await ingestAsked(connection, root);
  return { runs, left: [...left] };
}

/** Replaces everything the database has of a run by what its artifact holds. */
export async function ingestRun(
  connection: DuckDBConnection,
  root: string,
  columns: TableColumns,
  { folder, manifest }: { folder: string; manifest: StoredManifest },
): Promise<string[]> {
  const { key: run, preimage, circumstances } = manifest;
  await forgetRun(connection, columns, run);
  const bytes = manifest.files.reduce((sum, { size }) => sum + size, 0);
  await insert(connection, "stage_run", {
    run,
    stage: circumstances.stage,
    kind: preimage.stage,
    label: circumstances.label,
    status: "complete",
    why: circumstances.why,
    started: circumstances.started.replace("Z", ""),
    seconds: circumstances.seconds,
    host: circumstances.host,
    device: preimage.compute?.["device"] ?? null,
    code: preimage.code,
    versions: JSON.stringify(circumstances.versions),
  });
  for (const [port, input] of Object.entries(preimage.inputs)) {
    await insert(connection, "edge", { run, port, input });
  }
  for (const [role, digest] of Object.entries(preimage.outside ?? {})) {
    await insert(connection, "outside_file", { run, role, digest });
  }
  for (const [name, value] of Object.entries(preimage.parameters)) {
    await insert(connection, "parameter", {
      run,
      name,
      value: valueText(value),
      number: typeof value === "number" ? value : null,
      flag: typeof value === "boolean" ? value : null,
    });
  }
  await insert(connection, "artifact", {
    run,
    kind: manifest.output,
    folder,
    digest: manifest.digest,
    files: manifest.files.length,
    bytes,
  });
  const left: string[] = [];
  for (const part of ["artifact/rows", "log"]) {
    for (const { table, path } of rowFiles(`${root}/${folder}/${part}`)) {
      const { lines } = linesFrom(path, 0);
      left.push(...await appendRows(connection, columns, { run, table, lines }));
    }
  }
  return left;
}

/** Removes a run from every table but those that say which experiments need it. */
export async function forgetRun(
  connection: DuckDBConnection,
  columns: TableColumns,
  run: string,
): Promise<void> {
  for (const table of runTables(columns)) {
    await connection.run(`DELETE FROM ${table} WHERE run = $run`, { run });
  }
}

/** Tables of rows that a stage writes: the first column is `run`. */
export function rowTables(columns: TableColumns): string[] {
  return runTables(columns).filter((table) => !ownTables.includes(table));
}

export async function insert(
  connection: DuckDBConnection,
  table: string,
  row: Readonly<Record<string, string | number | boolean | null>>,
): Promise<void> {
  const names = Object.keys(row);
  await connection.run(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map((name) => `$${name}`)})`,
    row,
  );
}

function runTables(columns: TableColumns): string[] {
  return [...columns]
    .filter(([table, [first]]) => first?.name === "run" && !sharedTables.includes(table))
    .map(([table]) => table);
}

async function storedDigests(connection: DuckDBConnection): Promise<Map<string, string>> {
  const reader = await connection.runAndReadAll(
    "SELECT a.run, a.digest FROM artifact AS a JOIN stage_run USING (run) WHERE status = 'complete'",
  );
  return new Map(reader.getRows() as [string, string][]);
}

/** Failed runs that a database made anew does not know. */
async function ingestFailures(connection: DuckDBConnection, root: string): Promise<void> {
  const failures = listFailures(root);
  if (failures.length === 0) return;
  const reader = await connection.runAndReadAll("SELECT run FROM stage_run");
  const known = new Set(reader.getRows().map(([run]) => run));
  for (const { key: run, stage, kind, label, time } of failures) {
    if (known.has(run)) continue;
    const started = time.replace("Z", "");
    await insert(connection, "stage_run", { run, stage, kind, label, status: "failed", started });
  }
}

async function ingestAsked(connection: DuckDBConnection, root: string): Promise<void> {
  const reader = await connection.runAndReadAll(
    "SELECT id, CAST(asked AS VARCHAR) FROM experiment",
  );
  const known = new Map(reader.getRows() as [string, string][]);
  for (const asked of listAsked(root)) {
    const time = asked.asked.replace("T", " ").replace("Z", "");
    if (!known.has(asked.id)) await insertAsked(connection, asked, time);
    else if (known.get(asked.id) !== time) {
      await connection.run(
        "UPDATE experiment SET asked = CAST($time AS TIMESTAMP) WHERE id = $id",
        { time, id: asked.id },
      );
    }
  }
}

async function insertAsked(
  connection: DuckDBConnection,
  { id, experiment, file, baseline, compare, nodes }: StoredAsked,
  asked: string,
): Promise<void> {
  await insert(connection, "experiment", {
    id,
    name: experiment,
    file,
    compare: compare ?? null,
    asked,
  });
  for (const [axis, value] of Object.entries(baseline)) {
    await insert(connection, "baseline", { experiment: id, axis, value: valueText(value) });
  }
  for (const [position, { label, stage, key, point }] of nodes.entries()) {
    await insert(connection, "experiment_run", {
      experiment: id,
      run: key,
      stage,
      label,
      position,
    });
    for (const [axis, value] of Object.entries(point)) {
      await insert(connection, "run_point", {
        experiment: id,
        run: key,
        axis,
        value: valueText(value),
      });
    }
  }
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
