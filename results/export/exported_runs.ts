/** The runs that an export tells of: those that ended, complete or failed. */
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
  /** ISO 8601, UTC; null when it is not known. */
  readonly ended: string | null;
  /** Of the artifact, from the root; also where there is none. */
  readonly folder: string;
  /** Undefined when the run failed, or its artifact is gone. */
  readonly manifest?: Manifest;
}

/** @param askings ids of the askings whose runs are wanted; all runs when undefined */
export async function exportedRuns(
  connection: DuckDBConnection,
  root: string,
  askings?: readonly string[],
): Promise<ExportedRun[]> {
  const time = (moment: string) => `strftime(${moment}, '%Y-%m-%dT%H:%M:%S.%gZ')`;
  const wanted = askings === undefined ? "" : "AND run IN (FROM wanted_run)";
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
