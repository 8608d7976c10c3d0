/**
 * Locks between processes. Written by hand on top of flock because the operating system releases such
 * a lock when its process dies; packages for lock files cannot do that and rely on timeouts instead.
 */
import { setTimeout as delay } from "node:timers/promises";

/** A held lock; `using` releases it. */
export interface FileLock extends Disposable {
  /** Releases the lock and removes its file, if that still exists. */
  release(): void;
}

/** Acquires the lock if no process holds it. */
export function tryFileLock(path: string): FileLock | undefined {
  for (;;) {
    const file = Deno.openSync(path, { create: true, write: true });
    if (!file.tryLockSync(true)) {
      file.close();
      return undefined;
    }
    // The previous holder may have removed the file between our opening and locking it.
    if (isFileAt(path, file)) return held(file, path);
    file.close();
  }
}

/**
 * Waits until the lock is acquired.
 *
 * @param waiting called once when another process holds it
 */
export async function fileLock(
  path: string,
  { signal, waiting }: { signal?: AbortSignal; waiting?: () => void } = {},
): Promise<FileLock> {
  for (let attempt = 0;; attempt++) {
    signal?.throwIfAborted();
    const lock = tryFileLock(path);
    if (lock !== undefined) return lock;
    if (attempt === 0) waiting?.();
    await delay(Math.min(200, 10 * 2 ** Math.min(attempt, 5)));
  }
}

/** Whether a process holds the lock now; a killed process no longer holds it. */
export function isFileLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch {
    return false; // no such file
  }
}

/** Whether the path still names the open file. */
function isFileAt(path: string, file: Deno.FsFile): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function held(file: Deno.FsFile, path: string): FileLock {
  let open = true;
  const release = () => {
    if (!open) return;
    open = false;
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    } finally {
      file.close();
    }
  };
  return { release, [Symbol.dispose]: release };
}
