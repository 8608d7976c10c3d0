/** Writes files that exist either completely or not at all, even after a kill or a power failure. */
import { type FileLock, tryFileLock } from "./file_lock.ts";

/**
 * Writes a temporary file in the same folder, syncs it to the disk, and renames it.
 *
 * @param options.sync false where the file is useless after a power failure, or is synced later
 */
export function writeAtomically(
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
  { sync = true }: { sync?: boolean } = {},
): void {
  const temporary = `${path}.${Deno.pid}${suffix}`;
  // The lock shows that no killed process left the file. It removes the file if writing fails.
  using _lock = lockPart(temporary);
  if (typeof content === "string") Deno.writeTextFileSync(temporary, content);
  else Deno.writeFileSync(temporary, content);
  if (sync) syncFile(temporary);
  Deno.renameSync(temporary, path);
}

/**
 * Removes half-written files that killed processes left in a folder and its subfolders.
 *
 * @param options.except names of folders to skip
 */
export function sweepParts(
  folder: string,
  { except = [] }: { except?: readonly string[] } = {},
): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory } of entries) {
    if (except.includes(name)) continue;
    if (isDirectory) sweepParts(`${folder}/${name}`);
    else if (name.endsWith(suffix)) tryFileLock(`${folder}/${name}`)?.release();
  }
}

const suffix = ".part";

/** Retries, because `sweepParts` in another process may hold the lock for a moment. */
function lockPart(path: string): FileLock {
  for (;;) {
    const lock = tryFileLock(path);
    if (lock !== undefined) return lock;
  }
}

function syncFile(path: string): void {
  using file = Deno.openSync(path, { write: true });
  file.syncSync();
}
