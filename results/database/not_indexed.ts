/** Finds what a results folder holds that its database does not contain yet. */
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

/** Read before the database is opened, so that it is not held open meanwhile. */
export interface FolderContent {
  readonly artifacts: readonly { key: string; folder: string; digest: string | undefined }[];
  readonly requests: readonly RequestRecord[];
  readonly failures: readonly FailureRecord[];
  readonly certificates: readonly Certificate[];
}

export interface NotIndexed {
  /** Complete artifacts that the database lacks, or has with another digest. */
  readonly artifacts: readonly { key: string; folder: string }[];
  readonly requests: readonly RequestRecord[];
  /** Requests that were repeated since: the database has an earlier time. */
  readonly repeated: readonly RequestRecord[];
  readonly failures: readonly FailureRecord[];
  readonly certificates: readonly Certificate[];
  /** Runs that the database calls running although no process holds their lock. */
  readonly interrupted: readonly string[];
}

export function scanFolder(root: string): FolderContent {
  return {
    artifacts: listArtifacts(root).map(({ key, folder }) => ({
      key,
      folder,
      digest: readManifest(root, folder)?.digest,
    })),
    requests: listRequests(root),
    failures: listFailures(root),
    certificates: listCertificates(root),
  };
}

export async function findNotIndexed(
  connection: DuckDBConnection,
  root: string,
  content: FolderContent,
): Promise<NotIndexed> {
  const rows = async (query: string) =>
    (await connection.runAndReadAll(query)).getRows() as [string, string][];
  const digests = new Map(
    await rows(
      "SELECT a.run, a.digest FROM artifact AS a JOIN stage_run USING (run) " +
        "WHERE status = 'complete'",
    ),
  );
  const times = new Map(await rows("SELECT id, CAST(requested AS VARCHAR) FROM experiment"));
  const statuses = new Map(await rows("SELECT run, status FROM stage_run"));
  const certificates = new Set((await rows("SELECT id FROM certificate")).map(([id]) => id));
  return {
    artifacts: content.artifacts.filter(({ key, digest }) =>
      digest !== undefined && digests.get(key) !== digest
    ),
    requests: content.requests.filter(({ id }) => !times.has(id)),
    repeated: content.requests.filter(({ id, requested }) =>
      times.has(id) && times.get(id) !== timestampText(requested)
    ),
    failures: content.failures.filter(({ key }) => !statuses.has(key)),
    certificates: content.certificates.filter(({ id }) => !certificates.has(id)),
    interrupted: [...statuses]
      .filter(([run, status]) => status === "running" && !isLocked(`${root}/pending/${run}.lock`))
      .map(([run]) => run),
  };
}

export function isEmpty(notIndexed: NotIndexed): boolean {
  return Object.values(notIndexed).every((list: readonly unknown[]) => list.length === 0);
}

/** As DuckDB writes a TIMESTAMP: without trailing zeros in the fraction. */
export function timestampText(iso: string): string {
  return iso.replace("T", " ").replace("Z", "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

/** A run is in progress only while a process holds its lock; a killed process no longer does. */
function isLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch {
    return false;
  }
}
