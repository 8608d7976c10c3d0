/**
 * The DuckDB file. A process that has it open locks out all others, even readers. So it is opened for
 * one short transaction at a time, and a process that finds it locked tries again.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { mayBeDamage, readingError } from "./database_probe.ts";
import { schemaOutdated, schemaUpgrade } from "./schema.ts";

export function databaseFile(root: string): string {
  return `${root}/results.duckdb`;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** How long to try while another process has the file open, in milliseconds. */
  readonly patience?: number;
  /** Called with the version of an older schema that was upgraded. */
  upgraded?(from: number): void;
}

/** Another process had the file open for as long as we waited. */
export class DatabaseLocked extends Complaint {
  constructor(file: string, cause: unknown) {
    super(
      "another process has the result database open",
      "close that program or wait until it ends, then try again",
      { place: { file }, cause, exitCode: 1 },
    );
  }
}

/** The file or its log cannot be read; the database can be rebuilt from the artifacts. */
export class DatabaseUnreadable extends Complaint {
  constructor(
    /** DuckDB's message, on one line. */
    readonly reason: string,
    { file, cause }: { file: string; cause?: unknown },
  ) {
    super(
      `the result database could not be read (${reason})`,
      "rebuild it from the artifacts with: deno task rebuild",
      { place: { file }, cause, exitCode: 1 },
    );
  }
}

/**
 * Opens the database, creates or upgrades its schema, calls `use`, and closes it. Calls `use` again
 * if a transaction could not be committed because another process, about to close the file, still
 * had its log open.
 *
 * @throws DatabaseLocked, DatabaseUnreadable, SchemaOutdated; Complaint when a newer version of the
 *   program made the database
 */
export async function withDatabase<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
  options: OpenOptions = {},
): Promise<Result> {
  const file = databaseFile(root);
  const { readOnly = false, patience = 8000 } = options;
  // Rarely (once in many thousands) an answer of native code does not wake the event loop.
  const awake = setInterval(() => {}, 200);
  try {
    for (let waited = 0, wait = 5;; waited += wait, wait = Math.min(40, wait * 2)) {
      const instance = await openPatiently(file, readOnly, patience);
      try {
        return await withInstance(instance, use, options, file);
      } catch (error) {
        if (!(error instanceof DatabaseLocked)) throw await damage(file, error) ?? error;
        if (waited >= patience) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  } finally {
    clearInterval(awake);
  }
}

async function withInstance<Result>(
  instance: DuckDBInstance,
  use: (connection: DuckDBConnection) => Promise<Result>,
  options: OpenOptions,
  file: string,
): Promise<Result> {
  try {
    const connection = await instance.connect();
    try {
      await checkSchema(connection, file, options);
      return await use(connection);
    } catch (error) {
      throw lockError(file, error) ?? diskError(file, error) ?? error;
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** Runs `work` in one transaction: all of it takes effect or nothing. */
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

/** Recognises DuckDB's messages about a file, or its log, that another process has locked. */
function lockError(file: string, error: unknown): DatabaseLocked | undefined {
  const message = error instanceof Error ? error.message : String(error);
  return /could not set lock|conflicting lock|being used by another process/i.test(message)
    ? new DatabaseLocked(file, error)
    : undefined;
}

/** The file system denies access; readers can go on without updating the database. */
export class DatabaseAccessDenied extends Complaint {}

/** Recognises DuckDB's messages about a disk that is full, failing or read-only. */
function diskError(file: string, error: unknown): Complaint | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const options = { place: { file }, cause: error, exitCode: 1 } as const;
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return new Complaint(
      "the disk is full",
      "free some space and run again; complete results are kept and are not recomputed",
      options,
    );
  }
  // A database that cannot be read can be rebuilt; one that cannot be written cannot.
  const unwritten = /could not (write|fsync|truncate|remove).*input\/output error/i.test(message);
  if (unwritten || /^FATAL Error: fsync failed/.test(message)) {
    return new Complaint(
      "the disk failed to write the result database (input/output error)",
      "check the disk and run again; complete results are kept and are not recomputed",
      options,
    );
  }
  if (/permission denied|read-only file system/i.test(message)) {
    return new DatabaseAccessDenied(
      "the result database cannot be opened here",
      "change its permissions so that you may read and write it, or choose another folder with --results",
      options,
    );
  }
  return undefined;
}

/** Damage that opening does not detect: it lies in a block that only some queries read. */
async function damage(file: string, error: unknown): Promise<DatabaseUnreadable | undefined> {
  // The caller may have wrapped DuckDB's error in a Complaint.
  const cause = error instanceof Complaint ? error.options.cause : error;
  const known = error instanceof DatabaseUnreadable || error instanceof DatabaseAccessDenied;
  if (known || !(cause instanceof Error) || !mayBeDamage(cause.message)) return undefined;
  const found = await readingError(file);
  if (found === undefined || lockError(file, found) || diskError(file, found)) return undefined;
  return new DatabaseUnreadable(firstLine(found instanceof Error ? found.message : String(found)), {
    file,
    cause: error,
  });
}

function firstLine(text: string): string {
  return text.split("\n")[0]!;
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
      const locked = lockError(file, error);
      if (locked === undefined) throw openingError(file, error);
      if (waited >= patience) throw locked;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Creates the schema, or upgrades an older one. */
async function checkSchema(
  connection: DuckDBConnection,
  file: string,
  { readOnly = false, upgraded }: OpenOptions,
): Promise<void> {
  const upgrade = await schemaUpgrade(connection, file).catch((error) => {
    throw error instanceof Complaint ? error : openingError(file, error);
  });
  if (upgrade === undefined) return;
  const { from, apply } = upgrade;
  if (readOnly) {
    throw from === 0 ? new DatabaseUnreadable("it is empty", { file }) : schemaOutdated(file, from);
  }
  try {
    await transaction(connection, apply);
  } catch (error) {
    if (from === 0) throw error;
    throw openingError(file, error, `its schema ${from} could not be upgraded: `);
  }
  if (from > 0) upgraded?.(from);
}

function openingError(file: string, cause: unknown, before = ""): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return lockError(file, cause) ?? diskError(file, cause) ??
    new DatabaseUnreadable(before + firstLine(message), { file, cause });
}
