/** Files that are there as a whole or not at all, also after a kill or a loss of power. */
import { type FileLock, tryFileLock } from "./file_lock.ts";

/**
 * Writes a file beside its place, waits for the disk, and renames it into its place.
 *
 * @param options.sync false where the file is of no use after a loss of power, or is synced later
 */
export function writeAtomically(
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
  { sync = true }: { sync?: boolean } = {},
): void {
  const temporary = `${path}.${Deno.pid}${ending}`;
  // Held, it is known not to be left by a killed process; where we fail, it goes.
  using _lock = takePart(temporary);
  if (typeof content === "string") Deno.writeTextFileSync(temporary, content);
  else Deno.writeFileSync(temporary, content);
  if (sync) syncFile(temporary);
  Deno.renameSync(temporary, path);
}

/**
 * Removes what killed processes have left half-written in a folder and the folders below it.
 *
 * @param options.except names of folders that are left out
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
    else if (name.endsWith(ending)) tryFileLock(`${folder}/${name}`)?.release();
  }
}

const ending = ".part";

/** Who sweeps may hold it for a moment. */
function takePart(path: string): FileLock {
  for (;;) {
    const lock = tryFileLock(path);
    if (lock !== undefined) return lock;
  }
}

function syncFile(path: string): void {
  using file = Deno.openSync(path, { write: true });
  file.syncSync();
}
