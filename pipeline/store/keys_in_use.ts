/**
 * Protects results in use from `gc`. A run lists its keys in a file that it keeps locked while it
 * lives; `gc` reads these files. A store-wide lock separates the two: runs hold it shared while they
 * look up what is stored, and `gc` holds it exclusively while it decides. flock releases all of these
 * locks when their process dies, which is why they are not kept in a library or in the database.
 */
import { type ArtifactStore } from "./artifact_store.ts";
import * as v from "valibot";
import { exists } from "../disk/read_if_there.ts";
import { filesIn, foldersIn } from "../disk/listing.ts";
import { storedContent } from "../disk/stored_json.ts";
import { isFileLocked, tryFileLock } from "../disk/file_lock.ts";
import { sweepParts } from "../disk/atomic_write.ts";

/** The shared lock: `gc` waits while a run looks up what is stored. */
export async function lockForRun(store: ArtifactStore): Promise<Disposable> {
  return await lockStore(store, { exclusive: false });
}

/** The exclusive lock: runs wait while `gc` decides. */
export async function lockForGc(store: ArtifactStore): Promise<Disposable> {
  return await lockStore(store, { exclusive: true });
}

async function lockStore(
  store: ArtifactStore,
  { exclusive }: { exclusive: boolean },
): Promise<Disposable> {
  Deno.mkdirSync(store.stateFile(""), { recursive: true });
  const file = await Deno.open(store.stateFile("door.lock"), { create: true, write: true });
  await file.lock(exclusive);
  return { [Symbol.dispose]: () => file.close() };
}

/** Marks keys as in use until the result is disposed of or the process ends. */
export function holdKeys(store: ArtifactStore, keys: readonly string[]): Disposable {
  Deno.mkdirSync(store.stateFile("live"), { recursive: true });
  const path = store.stateFile(`live/${crypto.randomUUID()}.json`);
  // Locked and filled before it has its name, so that a reader never meets one without its keys.
  const lock = tryFileLock(`${path}.part`);
  if (lock === undefined) return holdKeys(store, keys); // another process is sweeping it
  try {
    Deno.writeTextFileSync(`${path}.part`, JSON.stringify(keys));
    Deno.renameSync(`${path}.part`, path);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      removeIfThere(path);
      lock.release();
    },
  };
}

/**
 * Removes what killed processes left behind: lock files, half-written files, scratch folders of
 * `verify`. Pending folders stay, so that their stages can resume.
 */
export function sweepLeftovers(store: ArtifactStore): void {
  const unlock = (folder: string, suffix: string) => {
    for (const name of filesIn(folder, { ending: suffix })) {
      tryFileLock(`${folder}/${name}`)?.release();
    }
  };
  unlock(`${store.root}/pending`, ".lock");
  unlock(store.stateFile("live"), ".json");
  const scratch = store.stateFile("verify");
  const locked = filesIn(scratch, { ending: ".lock" }).map((name) => name.slice(0, -5));
  // A folder without a lock could not be removed when its process was done with it.
  const unlocked = foldersIn(scratch).filter((name) => /^[0-9a-f-]{36}$/.test(name));
  for (const name of [...locked, ...unlocked]) {
    tryScratch(`${scratch}/${name}`)?.[Symbol.dispose]();
  }
  sweepParts(store.stateFile(""), { except: ["set_aside", "trash", "verify"] });
}

/** A temporary folder below `state/verify`, removed on disposal, or else by the next sweep. */
export function scratchFolder(store: ArtifactStore): Disposable & { readonly path: string } {
  Deno.mkdirSync(store.stateFile("verify"), { recursive: true });
  const scratch = tryScratch(store.stateFile(`verify/${crypto.randomUUID()}`));
  if (scratch === undefined) return scratchFolder(store); // another process is sweeping it
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

/**
 * The keys that live runs hold; removes the files of killed runs. Call with `lockForGc` held. Runs may end
 * meanwhile, and other processes may sweep the same files.
 */
export function heldKeys(store: ArtifactStore): Set<string> {
  const keys = new Set<string>();
  const folder = store.stateFile("live");
  for (const name of filesIn(folder, { ending: ".json" })) {
    const path = `${folder}/${name}`;
    if (!isFileLocked(path)) {
      removeIfThere(path);
      continue;
    }
    // Missing or empty: its run has just ended, and a sweep may have opened the file once more.
    for (const key of storedContent(path, v.array(v.string())) ?? []) keys.add(key);
  }
  return keys;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
