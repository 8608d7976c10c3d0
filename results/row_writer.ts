/** Rows of any result table, from lines of JSON, into the database. */
import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";

/** A table's columns in order, with their types. */
export type TableColumns = ReadonlyMap<string, readonly { name: string; type: string }[]>;

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

/**
 * Appends rows of one run.
 *
 * @param lines one JSON object each
 * @returns what was left out, in words: a table or columns that the schema does not have
 */
export async function appendRows(
  connection: DuckDBConnection,
  columns: TableColumns,
  { run, table, lines }: { run: string; table: string; lines: readonly string[] },
): Promise<string[]> {
  const known = columns.get(table);
  if (known?.[0]?.name !== "run") return [`the schema has no result table \`${table}\``];
  const left = new Set<string>();
  const appender = await connection.createAppender(table);
  try {
    for (const line of lines) {
      const row: Record<string, unknown> = { ...JSON.parse(line), run };
      for (const { name, type } of known) appendValue(appender, type, row[name]);
      appender.endRow();
      for (const name of Object.keys(row)) {
        if (!known.some((column) => column.name === name)) left.add(name);
      }
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
  return [...left].map((name) => `table \`${table}\` has no column \`${name}\``);
}

/** Appends one value; numbers that JSON has not come as the texts "NaN", "Infinity", "-Infinity". */
export function appendValue(appender: DuckDBAppender, type: string, value: unknown): void {
  if (value === undefined || value === null) return appender.appendNull();
  switch (type) {
    case "VARCHAR":
      return appender.appendVarchar(typeof value === "string" ? value : JSON.stringify(value));
    case "DOUBLE":
      return appender.appendDouble(Number(value));
    case "INTEGER":
      return appender.appendInteger(Number(value));
    case "BIGINT":
      return appender.appendBigInt(BigInt(value as number));
    case "BOOLEAN":
      return appender.appendBoolean(Boolean(value));
    default:
      throw new Error(`internal: rows cannot hold columns of type ${type}`);
  }
}

/** The whole lines of a file from a byte on, and the byte after the last of them. */
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
