/** Rows of a stage, as lines of JSON in its own folder. */
import type { Recorder, Scalar } from "../contract/stage.ts";

type Row = Readonly<Record<string, Scalar>>;

/** A recorder that must be closed before the folder is committed. */
export interface FileRecorder extends Recorder {
  close(): void;
}

/**
 * Each row is on its way to the disk when the call returns, so that a checkpoint written after it
 * never knows more rows than the file. Numbers that JSON has not are written as the texts "NaN",
 * "Infinity" and "-Infinity".
 *
 * @param rows folder for rows, part of the artifact
 * @param measurements folder for measurements, beside it
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
      dropBrokenEnd(path);
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
  const plain = Object.entries(row).map(([column, value]) => {
    const odd = typeof value === "number" && !Number.isFinite(value);
    return [column, odd ? String(value) : value];
  });
  return JSON.stringify(Object.fromEntries(plain)) + "\n";
}

function tableName(table: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(table)) {
    throw new Error(`internal: ${JSON.stringify(table)} is no name for a table`);
  }
  return table;
}

function writeAll(file: Deno.FsFile, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}

/** Keeps the whole lines for which `keep` holds; what a kill cut off at the end goes. */
function retainIn(path: string, keep: (row: Row) => boolean): void {
  const lines = wholeLines(path);
  if (lines === undefined) return;
  const kept = lines.filter((line) => keep(JSON.parse(line)));
  const temporary = `${path}.part`;
  Deno.writeTextFileSync(temporary, kept.map((line) => `${line}\n`).join(""));
  Deno.renameSync(temporary, path);
  if (kept.length === 0) Deno.removeSync(path);
}

function dropBrokenEnd(path: string): void {
  const lines = wholeLines(path);
  if (lines === undefined) return;
  const whole = lines.map((line) => `${line}\n`).join("");
  const size = new TextEncoder().encode(whole).length;
  if (size !== Deno.statSync(path).size) Deno.truncateSync(path, size);
}

function wholeLines(path: string): string[] | undefined {
  try {
    return Deno.readTextFileSync(path).split("\n").slice(0, -1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
