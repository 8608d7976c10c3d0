/** `sql`: runs a read-only query on the result database. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { readResults } from "../database/read_results.ts";
import { type Answer, printCsv, printJson, printTable } from "../text/sql_table.ts";

export interface QueryOptions {
  readonly format: "table" | "json" | "csv";
  /** Columns of the terminal. */
  readonly width: number;
  warn(line: string): void;
}

/** @returns the result as text */
export async function queryDatabase(
  root: string,
  query: string,
  { format, width, warn }: QueryOptions,
): Promise<string> {
  const answer = await readResults(root, (connection) => answerOf(connection, query), { warn });
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

async function answerOf(connection: DuckDBConnection, query: string): Promise<Answer> {
  try {
    const { count } = await connection.extractStatements(query);
    if (count > 1) {
      throw new Complaint(
        `\`sql\` runs one statement at a time, and these are ${count}`,
        "run them one by one",
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
      "use SELECT; only running experiments changes the database",
      { cause },
    );
  }
  const unknownTable = /Catalog Error: Table/.test(message);
  return new Complaint(
    message.replace(/^Failed to extract statements: /, "").trim(),
    unknownTable
      ? 'list the tables and views with: deno task sql "SHOW TABLES"'
      : 'correct the query; list the columns of a table with: deno task sql "DESCRIBE metric"',
    { cause },
  );
}

function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/.test(type);
}

/** DuckDB gives integers and decimals as texts; those that a number can represent become numbers. */
function plain(value: unknown, type: string): unknown {
  if (typeof value !== "string" || !isNumeric(type)) return value;
  const number = Number(value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value : number;
}
