/** Writes the rows of a stage as lines of JSON in its folder. */
import { Complaint, didYouMean, type Place } from "../contract/complaint.ts";
import type { Recorder, Scalar } from "../contract/stage.ts";
import { fromFileUrl } from "../disk/file_path.ts";
import { misfit, type ResultTables, unknownColumns } from "../store/result_rows.ts";

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
 * @param tables the tables that there are; a row that fits none of them is a Complaint
 */
export function fileRecorder(
  { rows, measurements }: { rows: string; measurements: string },
  tables: ResultTables,
): FileRecorder {
  const open = new Map<string, Deno.FsFile>();
  const append = (folder: string, table: string, row: Row) => {
    requireFitting(row, table, tables);
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
    metric(name, value, where = {}) {
      if (typeof name !== "string" || typeof value !== "number") {
        const given = [name, value].map((each) => JSON.stringify(each) ?? String(each)).join(", ");
        throw unstorable(`a metric has a name and a number, and this one has ${given}`);
      }
      append(rows, "metric", { name, split: where.split ?? null, value });
    },
    retain(table, keep) {
      close();
      for (const folder of [rows, measurements]) {
        retainIn(`${folder}/${tableName(table)}.jsonl`, keep);
      }
    },
    close,
  };
}

function requireFitting(row: Row, table: string, tables: ResultTables): void {
  const known = Object.hasOwn(tables, table) ? tables[table] : undefined;
  if (known === undefined) {
    throw unstorable(
      `there is no result table \`${table}\``,
      didYouMean(table, Object.keys(tables)),
    );
  }
  const problem = misfit(row, table, known);
  if (problem !== undefined) throw unstorable(`a recorded row does not fit: ${problem}`);
  const [unknown] = unknownColumns(row, known);
  if (unknown === undefined) return;
  throw unstorable(
    `a recorded row does not fit: table \`${table}\` has no column \`${unknown}\``,
    didYouMean(unknown, known.columns.map(({ name }) => name)),
  );
}

/** Names the line of the stage that recorded the row. */
function unstorable(what: string, hint?: string): Complaint {
  const place = callingPlace(new Error().stack ?? "");
  return new Complaint(
    what,
    hint ?? "results/database/schema.sql lists the tables and their columns",
    { exitCode: 1, ...(place !== undefined && { place }) },
  );
}

/** The first line of a stack that is not in this file. */
function callingPlace(stack: string): Place | undefined {
  for (const [, url, line, column] of stack.matchAll(/(file:\/\/\S+?):(\d+):(\d+)/g)) {
    if (url === import.meta.url) continue;
    return { file: fromFileUrl(new URL(url!)), line: Number(line), column: Number(column) };
  }
  return undefined;
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

/** Keeps the complete lines for which `keep` is true; drops what a kill cut off or a disk damaged. */
function retainIn(path: string, keep: (row: Row) => boolean): void {
  const lines = completeLines(path);
  if (lines === undefined) return;
  const kept = lines.filter((line) => {
    const row = parsedRow(line);
    return row !== undefined && keep(row);
  });
  const temporary = `${path}.part`;
  Deno.writeTextFileSync(temporary, kept.map((line) => `${line}\n`).join(""));
  Deno.renameSync(temporary, path);
  if (kept.length === 0) Deno.removeSync(path);
}

function parsedRow(line: string): Row | undefined {
  try {
    return JSON.parse(line) ?? undefined;
  } catch {
    return undefined;
  }
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
