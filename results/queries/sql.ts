/** `sql`: any question about any run, answered from the database, which it cannot change. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readResults } from "../database/read_results.ts";
import { type Answer, printCsv, printJson, printTable } from "../text/sql_table.ts";

export interface AskOptions {
  readonly format: "table" | "json" | "csv";
  /** Columns of the terminal. */
  readonly width: number;
  warn(line: string): void;
}

/** @returns the answer as text */
export async function askDatabase(
  root: string,
  query: string,
  { format, width, warn }: AskOptions,
): Promise<string> {
  const answer = await readResults(root, (connection) => ask(connection, query), { warn });
  switch (format) {
    case "table":
      return printTable(answer, width);
    case "json":
      return printJson(answer);
    case "csv":
      return printCsv(answer);
    default:
      return format satisfies never;
  }
}

async function ask(connection: DuckDBConnection, query: string): Promise<Answer> {
  try {
    const { count } = await connection.extractStatements(query);
    if (count > 1) {
      throw new Complaint(
        `these are ${count} statements, and one answer is printed`,
        "ask one at a time",
      );
    }
    const reader = await connection.runAndReadAll(query);
    const names = reader.columnNames();
    const types = reader.columnTypes().map(String);
    return {
      columns: names.map((name, index) => ({ name, numeric: isNumeric(types[index]!) })),
      rows: reader.getRowsJson().map((row) =>
        row.map((value, index) => plain(value, types[index]!))
      ),
    };
  } catch (cause) {
    if (cause instanceof Complaint) throw cause;
    throw complaintOf((cause as Error).message, cause);
  }
}

function complaintOf(message: string, cause: unknown): Complaint {
  if (/read-only mode/.test(message)) {
    return new Complaint(
      "`sql` opens the result database read-only and cannot change it",
      "ask with SELECT; what is stored changes only when experiments run",
      { cause },
    );
  }
  const unknownTable = /Catalog Error: Table/.test(message);
  return new Complaint(
    message.replace(/^Failed to extract statements: /, "").trim(),
    unknownTable
      ? 'list the tables and views with: deno task sql "SHOW TABLES"'
      : 'mend the query; columns are listed by: deno task sql "DESCRIBE metric"',
    { cause },
  );
}

function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

/** Whole and decimal numbers come as texts; those that fit become numbers. */
function plain(value: unknown, type: string): unknown {
  if (typeof value !== "string" || !isNumeric(type)) return value;
  const number = Number(value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value : number;
}
