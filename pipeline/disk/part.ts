/** Where a file or folder is written before it is renamed, and how what killed processes left there is removed. */
import { basename, dirname } from "node:path";
import { type FileLock, tryFileLock } from "./file_lock.ts";

/** A temporary place; `using` removes what is still there. */
export interface Part extends Disposable {
  readonly path: string;
}

/**
 * A path next to the target, in a folder that must exist, which only this process uses. What killed processes
 * left of the same target is removed first: a lock beside each part shows whether its process is alive.
 */
export function partOf(target: string): Part {
  const [folder, name] = [dirname(target), basename(target)];
  removeAbandoned(folder, name);
  const path = `${folder}/.${name}.${Deno.pid}.part`;
  const lock = own(`${path}.lock`);
  return {
    path,
    [Symbol.dispose]() {
      removeIfThere(path);
      lock.release();
    },
  };
}

function removeAbandoned(folder: string, name: string): void {
  const [before, after] = [`.${name}.`, ".part.lock"];
  for (const entry of Deno.readDirSync(folder)) {
    const isPart = entry.name.startsWith(before) && entry.name.endsWith(after) &&
      /^\d+$/.test(entry.name.slice(before.length, -after.length));
    const lock = isPart ? tryFileLock(`${folder}/${entry.name}`) : undefined;
    if (lock === undefined) continue;
    removeIfThere(`${folder}/${entry.name.slice(0, -".lock".length)}`);
    lock.release();
  }
}

/** Retries, because another process may look for abandoned parts at this moment. */
function own(path: string): FileLock {
  for (;;) {
    const lock = tryFileLock(path);
    if (lock !== undefined) return lock;
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
