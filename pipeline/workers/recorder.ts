/** Writes the rows of a stage as lines of JSON in its folder. */
import type { Recorder, Scalar } from "../contract/stage.ts";

type Row = Readonly<Record<string, Scalar>>;

/** A recorder that must be closed before its folder is committed. */
export interface FileRecorder extends Recorder {
  close(): void;
}

/**
 * Each row is written to its file before the call returns, so that a later checkpoint never covers
 * rows that the file does not have. Numbers that JSON cannot represent are written as the texts
 * "NaN", "Infinity" and "-Infinity".
 *
 * @param rows folder for rows, which is part of the artifact
 * @param measurements folder for measurements, which is not
 */
export function fileRecorder(
  { rows, measurements }: { rows: string; measurements: string },
): FileRecorder {
  const open = new Map<string, Deno.FsFile>();
  const append = (folder: string, table: string, row: Row) => {
    const path = `${folder}/${tableName(table)}.jsonl`;
    let file = open.get(path);
    if (file === undefined) {
      Deno.mkdirSync(folder, { recursive: true });
      dropPartialLine(path);
      file = Deno.openSync(path, { create: true, append: true });
      open.set(path, file);
    }
    writeAll(file, rowLine(row));
  };
  const close = () => {
    for (const file of open.values()) file.close();
    open.clear();
  };
  return {
    row: (table, row) => append(rows, table, row),
    measurement: (table, row) => append(measurements, table, row),
    metric: (name, value, where = {}) =>
      append(rows, "metric", { name, split: where.split ?? null, value }),
    retain(table, keep) {
      close();
      for (const folder of [rows, measurements]) {
        retainIn(`${folder}/${tableName(table)}.jsonl`, keep);
      }
    },
    close,
  };
}

export function rowLine(row: Row): string {
  const columns = Object.entries(row).map(([column, value]) => {
    const needsText = typeof value === "number" && !Number.isFinite(value);
    return [column, needsText ? String(value) : value];
  });
  return JSON.stringify(Object.fromEntries(columns)) + "\n";
}

function tableName(table: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(table)) {
    throw new Error(`internal: ${JSON.stringify(table)} is not a valid table name`);
  }
  return table;
}

function writeAll(file: Deno.FsFile, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

/** Keeps the complete lines for which `keep` is true; drops a line that a kill cut off. */
function retainIn(path: string, keep: (row: Row) => boolean): void {
  const lines = completeLines(path);
  if (lines === undefined) return;
  const kept = lines.filter((line) => keep(JSON.parse(line)));
  const temporary = `${path}.part`;
  Deno.writeTextFileSync(temporary, kept.map((line) => `${line}\n`).join(""));
  Deno.renameSync(temporary, path);
  if (kept.length === 0) Deno.removeSync(path);
}

function dropPartialLine(path: string): void {
  const lines = completeLines(path);
  if (lines === undefined) return;
  const text = lines.map((line) => `${line}\n`).join("");
  const size = new TextEncoder().encode(text).length;
  if (size !== Deno.statSync(path).size) Deno.truncateSync(path, size);
}

function completeLines(path: string): string[] | undefined {
  try {
    return Deno.readTextFileSync(path).split("\n").slice(0, -1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
