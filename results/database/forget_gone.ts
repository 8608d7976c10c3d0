import { existsSync } from "node:fs";
import { LIST, listValue, VARCHAR } from "@duckdb/node-api";
import { DatabaseBroken, databaseFile, transaction, withDatabase } from "./database.ts";
import { runTables } from "./ingest.ts";
import { scanStored } from "./not_indexed.ts";
import { setDatabaseAside } from "./reconcile.ts";
import { readColumns } from "./row_writer.ts";

const askedTables = ["experiment_run", "run_point", "baseline"];

/** Takes out of the database what the folder does not hold any more: complete runs, and askings. */
export async function forgetGone(root: string): Promise<void> {
  if (!existsSync(databaseFile(root))) return;
  try {
    await deleteGone(root);
  } catch (error) {
    if (!(error instanceof DatabaseBroken)) throw error;
    setDatabaseAside(root); // who asks next makes it anew from what is still there
  }
}

async function deleteGone(root: string): Promise<void> {
  const { artifacts, asked } = scanStored(root);
  const list = (values: readonly string[]) => ({
    values: { there: listValue(values) },
    types: { there: LIST(VARCHAR) },
  });
  const keys = list(artifacts.map(({ key }) => key));
  const ids = list(asked.map(({ id }) => id));
  await withDatabase(root, async (connection) => {
    const tables = runTables(await readColumns(connection));
    await transaction(connection, async () => {
      await connection.run(
        "CREATE OR REPLACE TEMP TABLE gone AS SELECT run FROM stage_run " +
          "WHERE status = 'complete' AND NOT list_contains($there, run)",
        keys.values,
        keys.types,
      );
      for (const table of tables) {
        await connection.run(`DELETE FROM ${table} WHERE run IN (SELECT run FROM gone)`);
      }
      for (const table of askedTables) {
        await connection.run(
          `DELETE FROM ${table} WHERE NOT list_contains($there, experiment)`,
          ids.values,
          ids.types,
        );
      }
      await connection.run(
        "DELETE FROM experiment WHERE NOT list_contains($there, id)",
        ids.values,
        ids.types,
      );
    });
  });
}
