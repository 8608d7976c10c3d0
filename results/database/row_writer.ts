/** Writes rows of any result table into the database, from objects or lines of JSON. */
import { misfit, unknownColumns } from "../../pipeline/store/result_rows.ts";
import { resultTables } from "./result_tables.ts";
import { type DuckDBAppender, type DuckDBConnection, DuckDBTimestampValue } from "@duckdb/node-api";

/** Table name -> its columns in order, with their types. */
export type TableColumns = ReadonlyMap<string, readonly { name: string; type: string }[]>;

export type Row = Readonly<Record<string, unknown>>;

/** Writes many rows into many tables: one appender per table, however many runs the rows belong to. */
export interface RowWriter extends Disposable {
  add(table: string, row: Row): Promise<void>;
  /**
   * @param lines one JSON object each
   * @returns what was left out, in words: a table or columns that the schema lacks, and lines that
   *   are no rows of the table
   */
  addLines(rows: { run: string; table: string; lines: readonly string[] }): Promise<string[]>;
  /** Puts all added rows into the database; call it before the transaction ends. */
  flush(): void;
}

export async function readColumns(connection: DuckDBConnection): Promise<TableColumns> {
  const reader = await connection.runAndReadAll(
    `SELECT table_name, column_name, data_type FROM duckdb_columns()
     WHERE table_name IN (SELECT table_name FROM duckdb_tables())
     ORDER BY table_name, column_index`,
  );
  const columns = new Map<string, { name: string; type: string }[]>();
  for (const [table, name, type] of reader.getRows() as string[][]) {
    const known = columns.get(table!) ?? [];
    known.push({ name: name!, type: type! });
    columns.set(table!, known);
  }
  return columns;
}

export function openRows(connection: DuckDBConnection, columns: TableColumns): RowWriter {
  const results = resultTables();
  const appenders = new Map<string, DuckDBAppender>();
  const appenderOf = async (table: string) => {
    const appender = appenders.get(table) ?? await connection.createAppender(table);
    appenders.set(table, appender);
    return appender;
  };
  const append = (appender: DuckDBAppender, table: string, row: Row) => {
    for (const { name, type } of columns.get(table)!) appendValue(appender, type, row[name]);
    appender.endRow();
  };
  return {
    async add(table, row) {
      append(await appenderOf(table), table, row);
    },
    async addLines({ run, table, lines }) {
      const result = Object.hasOwn(results, table) ? results[table] : undefined;
      if (result === undefined) return [`the schema has no result table \`${table}\``];
      const left = new Map<string, number>();
      const leave = (what: string) => left.set(what, (left.get(what) ?? 0) + 1);
      const appender = await appenderOf(table);
      for (const line of lines) {
        const row = parsed(line);
        const problem = row === undefined ? "it is not JSON" : misfit(row, table, result);
        if (problem !== undefined) {
          leave(`a line of \`${table}\` that is no row of it: ${problem}`);
          continue;
        }
        append(appender, table, { ...row as Row, run });
        for (const name of unknownColumns(row as Row, result)) {
          if (name !== "run") leave(`table \`${table}\` has no column \`${name}\``);
        }
      }
      return [...left].map(([what, times]) => times === 1 ? what : `${what} (${times} times)`);
    },
    flush() {
      for (const appender of appenders.values()) appender.flushSync();
    },
    [Symbol.dispose]() {
      for (const appender of appenders.values()) closeQuietly(appender);
    },
  };
}

/** Appends one value; numbers that JSON lacks come as the texts "NaN", "Infinity" and "-Infinity". */
export function appendValue(appender: DuckDBAppender, type: string, value: unknown): void {
  if (value === undefined || value === null) return appender.appendNull();
  switch (type) {
    case "VARCHAR":
      return appender.appendVarchar(valueText(value));
    case "DOUBLE":
      return appender.appendDouble(Number(value));
    case "INTEGER":
      return appender.appendInteger(Number(value));
    case "BIGINT":
      return appender.appendBigInt(BigInt(value as number));
    case "BOOLEAN":
      return appender.appendBoolean(Boolean(value));
    case "TIMESTAMP":
      return appender.appendTimestamp(timestamp(String(value)));
    default:
      throw new Error(`internal: rows cannot hold values of type ${type}`);
  }
}

/** A value as text: strings unchanged, all others as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Undefined if it is not JSON. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The complete lines of a file from byte `start` on, and the offset after the last of them. */
export function linesFrom(path: string, start: number): { lines: string[]; end: number } {
  using file = Deno.openSync(path);
  const { size } = file.statSync();
  if (size <= start) return { lines: [], end: Math.min(size, start) };
  file.seekSync(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(size - start);
  let filled = 0;
  while (filled < bytes.length) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  const last = bytes.subarray(0, filled).lastIndexOf(10);
  if (last < 0) return { lines: [], end: start };
  const text = new TextDecoder().decode(bytes.subarray(0, last));
  return { lines: text.split("\n"), end: start + last + 1 };
}

/** @param text ISO 8601, UTC, with or without `Z` */
function timestamp(text: string): DuckDBTimestampValue {
  const milliseconds = Date.parse(text.endsWith("Z") ? text : `${text}Z`);
  if (Number.isNaN(milliseconds)) throw new Error(`internal: ${text} is not a time`);
  return new DuckDBTimestampValue(BigInt(milliseconds) * 1000n);
}

/** After an error, closing an appender throws once more. */
function closeQuietly(appender: DuckDBAppender): void {
  try {
    appender.closeSync();
  } catch {
    // The transaction is rolled back and the first error is reported.
  }
}
