/** Finds out whether a database file can be read at all, after a query has failed. */
import { DuckDBInstance } from "@duckdb/node-api";

/** What a query can be wrong about in a sound database. */
const wrongQueries = [
  ...["Parser", "Syntax", "Binder", "Catalog", "Conversion", "Constraint", "Permission"],
  ...["Invalid Input", "Invalid Type", "Mismatch Type", "Out of Range", "Not implemented"],
  ...[
    "Interrupt",
    "Out of Memory",
    "Settings",
    "Dependency",
    "Expression",
    "Parameter Not Resolved",
  ],
];

/**
 * Whether a message of DuckDB may be about the file and not about the query. Messages about damage
 * have many forms, so only the kinds that never are about damage are excluded.
 */
export function mayBeDamage(message: string): boolean {
  const kind = /^([A-Za-z]+(?: [A-Za-z]+){0,2}) Error: /.exec(message)?.[1];
  return kind !== undefined && !wrongQueries.includes(kind);
}

/**
 * Reads every value of every table.
 *
 * @param file no connection to it is open in this process
 * @returns the error of the first one that cannot be read; undefined if all can
 */
export async function readingError(file: string): Promise<unknown> {
  try {
    const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
    try {
      const connection = await instance.connect();
      try {
        const tables = await connection.runAndReadAll("SELECT table_name FROM duckdb_tables()");
        for (const [table] of tables.getRows()) {
          await connection.run(`SELECT bit_xor(hash(t)) FROM "${table}" AS t`);
        }
      } finally {
        connection.closeSync();
      }
    } finally {
      instance.closeSync();
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
