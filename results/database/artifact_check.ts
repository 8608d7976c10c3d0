/** Checks complete artifacts before their rows are believed, and sets damaged ones aside. */
import { tryFileLock } from "../../pipeline/disk/file_lock.ts";
import { makeFolder, moveObstacle } from "../../pipeline/disk/obstacle.ts";
import { openStore } from "../../pipeline/store/artifact_store.ts";
import { damageIn } from "../../pipeline/store/commit.ts";
import { artifactIn, type CompleteArtifact } from "./stored_files.ts";

/** @returns the artifact; why neither it nor its rows can be trusted; undefined if it is gone */
export async function checkArtifact(
  root: string,
  folder: string,
): Promise<CompleteArtifact | string | undefined> {
  const stored = artifactIn(root, folder);
  if (stored.state === "absent") return undefined;
  if (stored.state === "unusable") return stored.reason;
  const rows = stored.content.manifest.files.filter(({ path }) => isRowFile(path));
  return await damageIn(`${root}/${folder}`, rows) ?? stored.content;
}

/** Whether a file of an artifact holds rows. */
export function isRowFile(path: string): boolean {
  return /^rows\/[^/]+\.jsonl$/.test(path);
}

/**
 * Moves a damaged artifact to `set_aside`, so that the next run computes it again. Leaves it where it
 * is while a run works on its key, or if it may not be moved.
 *
 * @param folder relative to the root
 * @returns the new folder, relative to the root
 */
export async function setDamagedAside(root: string, folder: string): Promise<string | undefined> {
  const [, kind, key] = folder.split("/") as [string, string, string];
  const store = openStore(root);
  try {
    makeFolder(`${root}/pending`);
    moveObstacle(store.lockFile(key), "file");
    using lock = tryFileLock(store.lockFile(key));
    // Another process may have computed it again in the meantime.
    if (lock === undefined || typeof await checkArtifact(root, folder) !== "string") {
      return undefined;
    }
    return store.setAside(kind, key);
  } catch {
    return undefined;
  }
}
