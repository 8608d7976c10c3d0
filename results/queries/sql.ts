/**
 * `sql`: runs a query on the result database. The query reads that database alone: it can neither
 * read nor write other files, load extensions, reach the network or change settings.
 */
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  StatementType,
} from "@duckdb/node-api";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { literal } from "../database/question.ts";
import { readResults } from "../database/read_results.ts";
import { type Answer, printCsv, printJson, printTable } from "../text/sql_table.ts";

export interface QueryOptions {
  readonly format: "table" | "json" | "csv";
  /** Columns of the terminal, for a table. */
  readonly width: number;
  warn(line: string): void;
}

/** @returns the result as text */
export async function queryDatabase(
  root: string,
  query: string,
  { format, width, warn }: QueryOptions,
): Promise<string> {
  return answerText(await answerQuery(root, query, { warn }), format, width);
}

/** @param options.warn called with what had to be repaired */
export async function answerQuery(
  root: string,
  query: string,
  { warn }: { warn(line: string): void },
): Promise<Answer> {
  return await readResults(root, (connection) => answerOf(connection, query), { warn });
}

export function answerText(
  answer: Answer,
  format: QueryOptions["format"],
  width: number,
): string {
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

/**
 * Writes the result to a Parquet file, with the types that it has in the database.
 *
 * @returns the number of rows
 */
export async function answerToParquet(
  root: string,
  query: string,
  { file, warn }: { file: string; warn(line: string): void },
): Promise<number> {
  return await readResults(root, async (connection) => {
    return await withQuestion(
      connection,
      query,
      async (question) => await writeParquet(await question.stream(), file),
    );
  }, { warn });
}

/** The database of the results may not write files, so the rows are copied to one in memory. */
async function writeParquet(result: DuckDBResult, file: string): Promise<number> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    const types = result.columnTypes();
    const columns = result.deduplicatedColumnNames()
      .map((name, index) => `"${name.replaceAll('"', '""')}" ${types[index]}`);
    await connection.run(`CREATE TABLE answer (${columns.join(", ")})`);
    const appender = await connection.createAppender("answer");
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    const written = await connection.run(`COPY answer TO ${literal(file)} (FORMAT parquet)`);
    connection.closeSync();
    return written.rowsChanged;
  } finally {
    instance.closeSync();
  }
}

async function answerOf(connection: DuckDBConnection, query: string): Promise<Answer> {
  return await withQuestion(connection, query, async (question) => {
    const reader = await question.runAndReadAll();
    const names = reader.columnNames();
    const types = reader.columnTypes().map(String);
    return {
      columns: names.map((name, index) => ({ name, numeric: isNumeric(types[index]!) })),
      rows: reader.getRowsJson().map((row) =>
        row.map((value, index) => plain(value, types[index]!))
      ),
    };
  });
}

/**
 * Prepares one statement that only reads, calls `use` with it, and words its errors. From then on
 * the connection is closed to everything outside.
 */
async function withQuestion<Result>(
  connection: DuckDBConnection,
  query: string,
  use: (question: DuckDBPreparedStatement) => Promise<Result>,
): Promise<Result> {
  try {
    // Before the query is parsed: IMPORT DATABASE reads files even then.
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    return await use(await prepareQuestion(connection, query));
  } catch (cause) {
    if (cause instanceof Complaint) throw cause;
    throw complaintOf((cause as Error).message, cause);
  }
}

/** The database's own files stay accessible to its statements, so those that write are refused. */
async function prepareQuestion(
  connection: DuckDBConnection,
  query: string,
): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(query);
  if (statements.count > 1) {
    throw new Complaint(
      `\`sql\` runs one statement at a time, and these are ${statements.count}`,
      "run them one by one",
    );
  }
  const prepared = await statements.prepare(0);
  if (prepared.statementType === StatementType.SELECT) return prepared;
  const explained = /^\s*EXPLAIN(?:\s+ANALYZE)?\s([^]*)$/i.exec(query)?.[1];
  if (prepared.statementType !== StatementType.EXPLAIN || explained === undefined) {
    throw noQuestion();
  }
  await prepareQuestion(connection, explained);
  return prepared;
}

function noQuestion(cause?: unknown): Complaint {
  return new Complaint(
    "`sql` answers questions about the result database: it changes nothing, and has no access to " +
      "other files, extensions or settings",
    "use SELECT, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN; --out FILE writes the answer to a file",
    { cause },
  );
}

function complaintOf(message: string, cause: unknown): Complaint {
  if (/disabled (by|through) configuration|has been locked|read-only mode/.test(message)) {
    return noQuestion(cause);
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
