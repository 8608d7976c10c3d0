/** The schema of an open database: made when it is new, brought forward when it is an older one. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { migrations } from "./migrations.ts";
import { commentStatements, readSchema, type Relation } from "./schema_text.ts";

/** Of schema.sql. */
export const schemaVersion = 9;

/** What is written is written as a whole: the caller holds a transaction. */
export interface SchemaChange {
  /** 0 when the database is new. */
  readonly from: number;
  apply(): Promise<void>;
}

/** The database has an older schema, and could not be written. */
export class SchemaOld extends Complaint {}

/**
 * What has to be done before the database can be used; undefined when nothing has.
 *
 * @throws Complaint when a newer version made the database; Error when it is one of something else
 */
export async function schemaChange(
  connection: DuckDBConnection,
  file: string,
): Promise<SchemaChange | undefined> {
  const from = await storedVersion(connection, file);
  if (from === schemaVersion) return undefined;
  if (from > schemaVersion) {
    throw new Complaint(
      `the result database was made by a newer version (schema ${from}, ` +
        `this version reads up to ${schemaVersion})`,
      "update the project, or use another folder with --results",
      { place: { file } },
    );
  }
  const apply = () => from === 0 ? create(connection) : migrate(connection, from);
  return { from, apply };
}

export function schemaOld(file: string, from: number): SchemaOld {
  return new SchemaOld(
    `the result database has schema ${from} and must be brought forward to ${schemaVersion}`,
    "ask again where it can be written and no other process holds it; or copy the results folder " +
      "and name the copy with --results",
    { place: { file } },
  );
}

async function create(connection: DuckDBConnection): Promise<void> {
  const relations = schema();
  await connection.run(relations.map(({ sql }) => sql).join("\n"));
  await connection.run(commentStatements(relations));
  await connection.run(`INSERT INTO schema_version VALUES (${schemaVersion})`);
}

async function migrate(connection: DuckDBConnection, from: number): Promise<void> {
  for (const view of await viewNames(connection)) await connection.run(`DROP VIEW "${view}"`);
  for (let version = from; version < schemaVersion; version++) {
    const step = migrations.get(version);
    if (step === undefined) throw new Error(`nothing leads from schema ${version} to the next`);
    if (step !== "") await connection.run(step);
  }
  const relations = schema();
  const views = relations.filter(({ kind }) => kind === "VIEW");
  await connection.run(views.map(({ sql }) => sql).join("\n"));
  await connection.run(commentStatements(relations));
  await connection.run(`UPDATE schema_version SET version = ${schemaVersion}`);
}

function schema(): Relation[] {
  return readSchema(Deno.readTextFileSync(new URL("./schema.sql", import.meta.url)));
}

async function viewNames(connection: DuckDBConnection): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    "SELECT view_name FROM duckdb_views() WHERE NOT internal",
  );
  return reader.getRows().map(([name]) => String(name));
}

/** 0 for an empty file. */
async function storedVersion(connection: DuckDBConnection, file: string): Promise<number> {
  const tables = await connection.runAndReadAll(
    "SELECT count(*) FILTER (table_name = 'schema_version'), count(*) FROM duckdb_tables()",
  );
  const [own, all] = (tables.getRows()[0] ?? []).map(Number);
  if (all === 0) return 0;
  if (own === 0) throw new Error(`${file} is a database of something else`);
  const rows = await connection.runAndReadAll("SELECT max(version) FROM schema_version");
  return Number(rows.getRows()[0]?.[0] ?? 0);
}
