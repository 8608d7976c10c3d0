/** The schema of an open database: created when it is new, upgraded when it is older. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { migrations } from "./migrations.ts";
import { commentStatements, readSchema, type Relation } from "./schema_text.ts";

/** Version of schema.sql. */
export const schemaVersion = 17;

/** `apply` has to run in a transaction, so that a failed upgrade changes nothing. */
export interface SchemaUpgrade {
  /** 0 when the database is new. */
  readonly from: number;
  apply(): Promise<void>;
}

/** The database has an older schema and is opened read-only. */
export class SchemaOutdated extends Complaint {}

/**
 * What has to be done before the database can be used; undefined if nothing.
 *
 * @throws Complaint when a newer version of the program made the database; Error when another program did
 */
export async function schemaUpgrade(
  connection: DuckDBConnection,
  file: string,
): Promise<SchemaUpgrade | undefined> {
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

export function schemaOutdated(file: string, from: number): SchemaOutdated {
  return new SchemaOutdated(
    `the result database has schema ${from} and must be upgraded to schema ${schemaVersion}`,
    "try again when the database is writable and no other process has it open; or copy the results " +
      "folder and name the copy with --results",
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
    if (step === undefined) throw new Error(`internal: no migration from schema ${version}`);
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
  if (own === 0) throw new Error(`${file} is the database of another program`);
  const rows = await connection.runAndReadAll("SELECT max(version) FROM schema_version");
  return Number(rows.getRows()[0]?.[0] ?? 0);
}
