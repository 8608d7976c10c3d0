/** A query of the database that a report shows, verbatim, next to its result. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "./read_results.ts";

/** How the numbers of a table or figure were queried. */
export interface Question {
  /** What it selects, in a few words. */
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

/** A text as an SQL string literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
