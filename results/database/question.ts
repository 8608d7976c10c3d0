/** A question to the database that a report shows beside its answer, word for word as it was asked. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "./read_results.ts";

/** How a figure was made. */
export interface Question {
  /** What it asks for, in a few words. */
  readonly what: string;
  readonly sql: string;
}

export interface Answered<Row> extends Question {
  readonly rows: readonly Row[];
}

export async function ask<Row>(
  connection: DuckDBConnection,
  { what, sql }: Question,
): Promise<Answered<Row>> {
  return { what, sql, rows: await rowsOf<Row>(connection, sql) };
}

/** A text as SQL writes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
