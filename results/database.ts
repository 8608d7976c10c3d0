/**
 * The DuckDB file. A process that has it open keeps all others out, even readers; so it is opened
 * for each short transaction and closed again, and who finds it taken tries again.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Complaint } from "../pipeline/complaint.ts";

/** Of schema.sql. */
export const schemaVersion = 3;

export function databaseFile(root: string): string {
  return `${root}/results.duckdb`;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** How long to try while another process has the file, in milliseconds. */
  readonly patience?: number;
}

/** The file is held by another process and was so for as long as we waited. */
export class DatabaseTaken extends Complaint {
  constructor(file: string, cause: unknown) {
    super(
      "another process holds the result database",
      "close the program that has it open, or wait for it, and try again",
      { place: { file }, cause, exitCode: 1 },
    );
  }
}

/** The file, or its log, cannot be read; `rebuild` makes it anew. */
export class DatabaseBroken extends Error {
  override readonly name = "DatabaseBroken";
}

/**
 * Opens the database, makes the schema if it is new, calls back, and closes it.
 *
 * @throws DatabaseTaken, DatabaseBroken; Complaint when a newer version made it
 */
export async function withDatabase<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
  { readOnly = false, patience = 8000 }: OpenOptions = {},
): Promise<Result> {
  const file = databaseFile(root);
  const instance = await openPatiently(file, readOnly, patience);
  try {
    const connection = await instance.connect();
    try {
      await checkSchema(connection, file, readOnly);
      return await use(connection);
    } catch (error) {
      throw diskTrouble(file, error) ?? error;
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Runs within one transaction: all of it or nothing. */
export async function transaction<Result>(
  connection: DuckDBConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  await connection.run("BEGIN");
  try {
    const result = await work();
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** The database must not be written: a reader can do without. */
export class DatabaseProtected extends Complaint {}

/** DuckDB's words for a disk that is full or must not be written; the file itself is not at fault. */
function diskTrouble(file: string, error: unknown): Complaint | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const options = { place: { file }, cause: error, exitCode: 1 } as const;
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return new Complaint(
      "the disk is full",
      "free some space and run again; what is complete is kept and is not made again",
      options,
    );
  }
  if (/permission denied|read-only file system/i.test(message)) {
    return new DatabaseProtected(
      "the result database cannot be opened here",
      "give yourself the right to read and write it, or use another folder with --results",
      options,
    );
  }
  return undefined;
}

async function openPatiently(
  file: string,
  readOnly: boolean,
  patience: number,
): Promise<DuckDBInstance> {
  let wait = 5;
  for (let waited = 0;; waited += wait, wait = Math.min(40, wait * 2)) {
    try {
      return await DuckDBInstance.create(file, {
        access_mode: readOnly ? "READ_ONLY" : "AUTOMATIC",
      });
    } catch (error) {
      const message = (error as Error).message;
      if (!/could not set lock|conflicting lock|being used by another process/i.test(message)) {
        throw diskTrouble(file, error) ?? new DatabaseBroken(message, { cause: error });
      }
      if (waited >= patience) throw new DatabaseTaken(file, error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

async function checkSchema(
  connection: DuckDBConnection,
  file: string,
  readOnly: boolean,
): Promise<void> {
  const version = await storedVersion(connection, file);
  if (version === schemaVersion) return;
  if (version > schemaVersion) {
    throw new Complaint(
      `the result database was made by a newer version (schema ${version}, ` +
        `this version reads up to ${schemaVersion})`,
      "update the project, or use another folder with --results",
      { place: { file } },
    );
  }
  if (version > 0) throw new DatabaseBroken(`its schema is an old one (${version})`);
  if (readOnly) throw new DatabaseBroken("it is empty");
  const schema = Deno.readTextFileSync(new URL("./schema.sql", import.meta.url));
  await transaction(connection, async () => {
    await connection.run(schema);
    await connection.run(`INSERT INTO schema_version VALUES (${schemaVersion})`);
  });
}

/** 0 for an empty file. */
async function storedVersion(connection: DuckDBConnection, file: string): Promise<number> {
  const tables = await connection.runAndReadAll(
    "SELECT count(*) FILTER (table_name = 'schema_version'), count(*) FROM duckdb_tables()",
  );
  const [own, all] = (tables.getRows()[0] ?? []).map(Number);
  if (all === 0) return 0;
  if (own === 0) throw new DatabaseBroken(`${file} is a database of something else`);
  const rows = await connection.runAndReadAll("SELECT max(version) FROM schema_version");
  return Number(rows.getRows()[0]?.[0] ?? 0);
}
