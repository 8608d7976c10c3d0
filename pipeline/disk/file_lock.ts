/** Locks between processes that die with the process that holds them. */
import { setTimeout as delay } from "node:timers/promises";

/** A lock that is held; `using` gives it back. */
export interface FileLock extends Disposable {
  /** Removes the lock's file as well, if it is still there. */
  release(): void;
}

/** Takes the lock if nobody holds it. */
export function tryFileLock(path: string): FileLock | undefined {
  for (;;) {
    const file = Deno.openSync(path, { create: true, write: true });
    if (!file.tryLockSync(true)) {
      file.close();
      return undefined;
    }
    // The holder before may have removed the file between our opening and locking it.
    if (isStill(file, path)) return held(file, path);
    file.close();
  }
}

/**
 * Waits for the lock.
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

/** Whether a process holds the lock at this moment; one that was killed holds it no more. */
export function isFileLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    return !file.tryLockSync(false);
  } catch {
    return false; // there is no such file
  }
}

function isStill(file: Deno.FsFile, path: string): boolean {
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
