import { existsSync } from "node:fs";
import { LIST, listValue, VARCHAR } from "@duckdb/node-api";
import { databaseFile, DatabaseUnreadable, transaction, withDatabase } from "./database.ts";
import { runTables } from "./ingest.ts";
import { setDatabaseAside } from "./reconcile.ts";
import { filesIn } from "../../pipeline/disk/listing.ts";
import { readColumns } from "./row_writer.ts";
import { listArtifacts } from "../../pipeline/store/artifact_store.ts";
import { listRequests } from "./stored_files.ts";

const requestTables = ["experiment_run", "run_point", "baseline"];

/** Deletes runs, requests and certificates from the database that the folder no longer holds. */
export async function pruneDatabase(root: string): Promise<void> {
  if (!existsSync(databaseFile(root))) return;
  try {
    await deleteRows(root);
  } catch (error) {
    if (!(error instanceof DatabaseUnreadable)) throw error;
    setDatabaseAside(root); // the next reader rebuilds it from what is still there
  }
}

async function deleteRows(root: string): Promise<void> {
  const list = (values: readonly string[]) => ({
    values: { kept: listValue(values) },
    types: { kept: LIST(VARCHAR) },
  });
  const keys = list(listArtifacts(root).map(({ key }) => key));
  const ids = list(listRequests(root).map(({ id }) => id));
  const failures = list(
    filesIn(`${root}/state/failed`, { ending: ".json" }).map((name) => name.slice(0, -5)),
  );
  const certificates = list(
    filesIn(`${root}/state/certificates`, { ending: ".json" }).map((name) => name.slice(0, -5)),
  );
  await withDatabase(root, async (connection) => {
    const tables = runTables(await readColumns(connection));
    await transaction(connection, async () => {
      await connection.run(
        "CREATE OR REPLACE TEMP TABLE deleted AS SELECT run FROM stage_run " +
          "WHERE status = 'complete' AND NOT list_contains($kept, run)",
        keys.values,
        keys.types,
      );
      for (const table of tables) {
        await connection.run(`DELETE FROM ${table} WHERE run IN (SELECT run FROM deleted)`);
      }
      await connection.run(
        "DELETE FROM stage_run WHERE status = 'failed' AND NOT list_contains($kept, run)",
        failures.values,
        failures.types,
      );
      await connection.run(
        "DELETE FROM certificate WHERE NOT list_contains($kept, id)",
        certificates.values,
        certificates.types,
      );
      for (const table of requestTables) {
        await connection.run(
          `DELETE FROM ${table} WHERE NOT list_contains($kept, experiment)`,
          ids.values,
          ids.types,
        );
      }
      await connection.run(
        "DELETE FROM experiment WHERE NOT list_contains($kept, id)",
        ids.values,
        ids.types,
      );
    });
  });
}
