/** What a results folder holds and its database does not know yet. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  type Certificate,
  type FailureRecord,
  listArtifacts,
  listCertificates,
  listFailures,
  listRequests,
  readManifest,
  type RequestRecord,
} from "./stored_files.ts";

/** What the folder holds. It is read before the database is opened, which is not held meanwhile. */
export interface Stored {
  readonly artifacts: readonly { key: string; folder: string; digest: string | undefined }[];
  readonly asked: readonly RequestRecord[];
  readonly failures: readonly FailureRecord[];
  readonly certificates: readonly Certificate[];
}

export interface Missing {
  /** Complete artifacts of which the database knows nothing, or another digest. */
  readonly artifacts: readonly { key: string; folder: string }[];
  /** What was asked, and at what time, or that the time is another one now. */
  readonly asked: readonly RequestRecord[];
  readonly askedAgain: readonly RequestRecord[];
  readonly failures: readonly FailureRecord[];
  readonly certificates: readonly Certificate[];
  /** Runs that are said to be running, and nobody holds their lock. */
  readonly interrupted: readonly string[];
}

export function scanStored(root: string): Stored {
  return {
    artifacts: listArtifacts(root).map(({ key, folder }) => ({
      key,
      folder,
      digest: readManifest(root, folder)?.digest,
    })),
    asked: listRequests(root),
    failures: listFailures(root),
    certificates: listCertificates(root),
  };
}

export async function findMissing(
  connection: DuckDBConnection,
  root: string,
  stored: Stored,
): Promise<Missing> {
  const rows = async (query: string) =>
    (await connection.runAndReadAll(query)).getRows() as [string, string][];
  const digests = new Map(
    await rows(
      "SELECT a.run, a.digest FROM artifact AS a JOIN stage_run USING (run) " +
        "WHERE status = 'complete'",
    ),
  );
  const times = new Map(await rows("SELECT id, CAST(asked AS VARCHAR) FROM experiment"));
  const statuses = new Map(await rows("SELECT run, status FROM stage_run"));
  const certificates = new Set((await rows("SELECT id FROM certificate")).map(([id]) => id));
  return {
    artifacts: stored.artifacts.filter(({ key, digest }) =>
      digest !== undefined && digests.get(key) !== digest
    ),
    asked: stored.asked.filter(({ id }) => !times.has(id)),
    askedAgain: stored.asked.filter(({ id, asked }) =>
      times.has(id) && times.get(id) !== timeText(asked)
    ),
    failures: stored.failures.filter(({ key }) => !statuses.has(key)),
    certificates: stored.certificates.filter(({ id }) => !certificates.has(id)),
    interrupted: [...statuses]
      .filter(([run, status]) => status === "running" && !isLocked(`${root}/pending/${run}.lock`))
      .map(([run]) => run),
  };
}

export function isNothing(missing: Missing): boolean {
  return Object.values(missing).every((list: readonly unknown[]) => list.length === 0);
}

/** As DuckDB writes a TIMESTAMP: without zeros at the end of a fraction. */
export function timeText(iso: string): string {
  return iso.replace("T", " ").replace("Z", "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** A run is only running while a process holds its lock; after a kill nobody does. */
function isLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch {
    return false;
  }
}
