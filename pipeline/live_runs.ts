/**
 * Which results are in use. A run says so in a file that it holds locked as long as it lives; `gc`
 * reads these files, and locks the door while it decides.
 */
import type { ArtifactStore } from "./artifact_store.ts";
import { isFileLocked, tryFileLock } from "./file_lock.ts";

/** While a run finds out what is stored, `gc` waits; while `gc` decides, a run waits. */
export async function enterStore(store: ArtifactStore): Promise<Disposable> {
  return await lockDoor(store, false);
}

/** Nobody else may find out what is stored. */
export async function closeStore(store: ArtifactStore): Promise<Disposable> {
  return await lockDoor(store, true);
}

async function lockDoor(store: ArtifactStore, exclusive: boolean): Promise<Disposable> {
  Deno.mkdirSync(store.stateFile(""), { recursive: true });
  const file = await Deno.open(store.stateFile("door.lock"), { create: true, write: true });
  await file.lock(exclusive);
  return { [Symbol.dispose]: () => file.close() };
}

/** Says that these keys are in use until it is disposed of, or the process is gone. */
export function holdKeys(store: ArtifactStore, keys: readonly string[]): Disposable {
  Deno.mkdirSync(store.stateFile("live"), { recursive: true });
  const path = Deno.makeTempFileSync({ dir: store.stateFile("live"), suffix: ".json" });
  const file = Deno.openSync(path, { write: true });
  file.lockSync(true);
  let bytes = new TextEncoder().encode(JSON.stringify(keys));
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
  return {
    [Symbol.dispose]() {
      Deno.removeSync(path);
      file.close();
    },
  };
}

/** Removes the lock files that killed processes have left; their folders stay, to go on from. */
export function sweepLocks(store: ArtifactStore): void {
  const folder = `${store.root}/pending`;
  for (const name of namesIn(folder)) {
    if (name.endsWith(".lock")) tryFileLock(`${folder}/${name}`)?.release();
  }
}

/** Keys that runs hold; what killed runs have left is removed. Call with the door closed. */
export function heldKeys(store: ArtifactStore): Set<string> {
  const keys = new Set<string>();
  const folder = store.stateFile("live");
  for (const name of namesIn(folder)) {
    const path = `${folder}/${name}`;
    if (!isFileLocked(path)) {
      Deno.removeSync(path);
      continue;
    }
    for (const key of JSON.parse(Deno.readTextFileSync(path)) as string[]) keys.add(key);
  }
  return keys;
}

function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
