/**
 * Which results are in use. A run says so in a file that it holds locked as long as it lives; `gc`
 * reads these files, and locks the door while it decides.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import { exists } from "../disk/read_if_there.ts";
import { isFileLocked, tryFileLock } from "../disk/file_lock.ts";
import { sweepParts } from "../disk/atomic_write.ts";

/** While a run finds out what is stored, `gc` waits; while `gc` decides, a run waits. */
export async function lockForRun(store: ArtifactStore): Promise<Disposable> {
  return await lockDoor(store, false);
}

/** Nobody else may find out what is stored. */
export async function lockForGc(store: ArtifactStore): Promise<Disposable> {
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
  const path = store.stateFile(`live/${crypto.randomUUID()}.json`);
  const lock = tryFileLock(path);
  if (lock === undefined) return holdKeys(store, keys); // who sweeps has just met it
  try {
    Deno.writeTextFileSync(path, JSON.stringify(keys));
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}

/**
 * Removes what killed processes have left: lock files, half-written files, the scratch of `verify`.
 * The folders of stages stay, to go on from.
 */
export function sweepLeftovers(store: ArtifactStore): void {
  const unlock = (folder: string, suffix: string) => {
    for (const name of namesIn(folder)) {
      if (name.endsWith(suffix)) tryFileLock(`${folder}/${name}`)?.release();
    }
  };
  unlock(`${store.root}/pending`, ".lock");
  unlock(store.stateFile("live"), ".json");
  for (const name of namesIn(store.stateFile("verify"))) {
    const path = store.stateFile(`verify/${name}`);
    if (name.endsWith(".lock")) tryScratch(path.slice(0, -".lock".length))?.[Symbol.dispose]();
  }
  sweepParts(store.stateFile(""), { except: ["set_aside", "trash", "verify"] });
}

/** A folder of ours below `state/verify`: gone with us, or swept if we are killed. */
export function scratchFolder(store: ArtifactStore): Disposable & { readonly path: string } {
  Deno.mkdirSync(store.stateFile("verify"), { recursive: true });
  const scratch = tryScratch(store.stateFile(`verify/${crypto.randomUUID()}`));
  if (scratch === undefined) return scratchFolder(store); // who sweeps has just met it
  Deno.mkdirSync(scratch.path);
  return scratch;
}

function tryScratch(path: string): Disposable & { readonly path: string } | undefined {
  const lock = tryFileLock(`${path}.lock`);
  if (lock === undefined) return undefined;
  return {
    path,
    [Symbol.dispose]() {
      using _lock = lock;
      if (exists(path)) Deno.removeSync(path, { recursive: true });
    },
  };
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
