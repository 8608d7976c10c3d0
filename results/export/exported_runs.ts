/** The runs in an export: those that ended, complete or failed. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { type Manifest, readManifest } from "../database/stored_files.ts";

export interface ExportedRun {
  readonly run: string;
  readonly label: string;
  readonly kind: string;
  readonly status: string;
  readonly why: string | null;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** ISO 8601, UTC; null if unknown. */
  readonly ended: string | null;
  /** Folder of the artifact, relative to the root, even if the artifact does not exist. */
  readonly folder: string;
  /** Undefined if the run failed or its artifact was deleted. */
  readonly manifest?: Manifest;
}

/** @param requests ids of the requests whose runs to list; all runs if undefined */
export async function exportedRuns(
  connection: DuckDBConnection,
  root: string,
  requests?: readonly string[],
): Promise<ExportedRun[]> {
  const time = (moment: string) => `strftime(${moment}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
  const wanted = requests === undefined ? "" : "AND run IN (FROM wanted_run)";
  const rows = await rowsOf<Omit<ExportedRun, "folder" | "manifest">>(
    connection,
    `SELECT run, label, kind, status, why, ${time("started")} AS started,
       ${time("started + to_milliseconds(CAST(round(1000 * seconds) AS BIGINT))")} AS ended
     FROM stage_run WHERE status IN ('complete', 'failed') AND started IS NOT NULL ${wanted}
     ORDER BY stage_run.started, run`,
  );
  return rows.map((row) => {
    const folder = `artifacts/${row.kind}/${row.run}`;
    const manifest = row.status === "complete" ? readManifest(root, folder) : undefined;
    return { ...row, folder, ...(manifest !== undefined && { manifest }) };
  });
}
