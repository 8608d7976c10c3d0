/**
 * The DuckDB file. A process that has it open keeps all others out, even readers; so it is opened
 * for each short transaction and closed again, and who finds it taken tries again.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { schemaChange, schemaOld } from "./schema.ts";

export function databaseFile(root: string): string {
  return `${root}/results.duckdb`;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** How long to try while another process has the file, in milliseconds. */
  readonly patience?: number;
  /** Told the version of an older schema that was brought forward. */
  movedFrom?(version: number): void;
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

/** The file, or its log, cannot be read; it is made anew from the artifacts. */
export class DatabaseBroken extends Complaint {
  constructor(
    /** In DuckDB's words, on one line. */
    readonly reason: string,
    { file, cause }: { file: string; cause?: unknown },
  ) {
    super(
      `the result database could not be read (${reason})`,
      "make it anew from the artifacts with: deno task rebuild",
      { place: { file }, cause, exitCode: 1 },
    );
  }
}

/**
 * Opens the database, makes the schema if it is new or brings it forward if it is an older one,
 * calls back, and closes it. It calls back again when a transaction could not be committed because
 * another process, which is about to close the file, still had its log.
 *
 * @throws DatabaseTaken, DatabaseBroken, SchemaOld; Complaint when a newer version made it
 */
export async function withDatabase<Result>(
  root: string,
  use: (connection: DuckDBConnection) => Promise<Result>,
  options: OpenOptions = {},
): Promise<Result> {
  const file = databaseFile(root);
  const { readOnly = false, patience = 8000 } = options;
  // Seen once in many thousands: the answer of native code waited, and nothing woke the event loop.
  const awake = setInterval(() => {}, 200);
  try {
    for (let waited = 0, wait = 5;; waited += wait, wait = Math.min(40, wait * 2)) {
      const instance = await openPatiently(file, readOnly, patience);
      try {
        return await withInstance(instance, use, options, file);
      } catch (error) {
        if (!(error instanceof DatabaseTaken) || waited >= patience) throw error;
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
      throw taken(file, error) ?? diskTrouble(file, error) ?? corruption(file, error) ?? error;
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

/** DuckDB's words for a file, or its log, that another process has locked. */
function taken(file: string, error: unknown): DatabaseTaken | undefined {
  const message = error instanceof Error ? error.message : String(error);
  return /could not set lock|conflicting lock|being used by another process/i.test(message)
    ? new DatabaseTaken(file, error)
    : undefined;
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
  // What cannot be read can be made anew; what cannot be written cannot.
  const unwritten = /could not (write|fsync|truncate|remove).*input\/output error/i.test(message);
  if (unwritten || /^FATAL Error: fsync failed/.test(message)) {
    return new Complaint(
      "the disk failed to write the result database (input/output error)",
      "check the disk and run again; what is complete is kept and is not made again",
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

/** Damage that opening does not see: it lies in a block that only some queries read. */
function corruption(file: string, error: unknown): DatabaseBroken | undefined {
  // Who asked may have put it into words of his own.
  const cause = error instanceof Complaint ? error.options.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const unread = message.includes(file) && /could not read.*input\/output error/i.test(message);
  if (!unread && !/corrupt database file/i.test(message)) return undefined;
  return new DatabaseBroken(firstLine(message), { file, cause: error });
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
      const locked = taken(file, error);
      if (locked === undefined) throw broken(file, error);
      if (waited >= patience) throw locked;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Makes the schema, or brings it forward. */
async function checkSchema(
  connection: DuckDBConnection,
  file: string,
  { readOnly = false, movedFrom }: OpenOptions,
): Promise<void> {
  const change = await schemaChange(connection, file).catch((error) => {
    throw error instanceof Complaint ? error : broken(file, error);
  });
  if (change === undefined) return;
  const { from, apply } = change;
  if (readOnly) {
    throw from === 0 ? new DatabaseBroken("it is empty", { file }) : schemaOld(file, from);
  }
  try {
    await transaction(connection, apply);
  } catch (error) {
    if (from === 0) throw error;
    throw broken(file, error, `its schema ${from} could not be brought forward: `);
  }
  if (from > 0) movedFrom?.(from);
}

function broken(file: string, cause: unknown, before = ""): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return taken(file, cause) ?? diskTrouble(file, cause) ??
    new DatabaseBroken(before + firstLine(message), { file, cause });
}
