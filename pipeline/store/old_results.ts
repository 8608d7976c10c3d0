/**
 * Results of an earlier version, which wrote them directly into `results/`, next to the code there:
 * finds them, and moves them to `results/store/` by renames.
 *
 * All entries go to `results/.moving_to_store/` first, one by one; that folder becomes `results/store/`
 * by a last rename. A move that is killed can be continued at any point.
 */
import { isAbsolute } from "node:path";
import { Complaint } from "../contract/complaint.ts";
import { exists } from "../disk/read_if_there.ts";
import { heldKeys, lockForGc } from "./keys_in_use.ts";
import { isFileLocked } from "../disk/file_lock.ts";
import { openStore } from "./artifact_store.ts";

export interface OldResults {
  /** Absolute path of the folder that they are in. */
  readonly folder: string;
  /** Names in it. The code of `results/` is not among them. */
  readonly entries: readonly string[];
  /** A move was started and did not end. */
  readonly interrupted: boolean;
}

/** What an earlier version wrote; `state` is last, because it has the lock that a move holds. */
const written = [
  "artifacts",
  "pending",
  "logs",
  "reports",
  "results.duckdb",
  "results.duckdb.wal",
  "search.html",
  "wrong.html",
  "state",
];

/** Without one of these, the other entries do not count as results. */
const decisive = ["artifacts", "results.duckdb", "state"];

/** Where they are while they move. */
export const stagingName = ".moving_to_store";

/** @param folder absolute path of `results/` */
export function findOldResults(folder: string): OldResults | undefined {
  const interrupted = exists(`${folder}/${stagingName}`);
  if (!interrupted && !decisive.some((name) => exists(`${folder}/${name}`))) return undefined;
  const entries = written.filter((name) => exists(`${folder}/${name}`));
  return { folder, entries, interrupted };
}

/**
 * Moves old results; overwrites nothing.
 *
 * @param target absolute path of `results/store/`, below their folder
 * @throws Complaint if the target is not empty, or a process works with the old results
 */
export async function moveOldResults(
  { folder }: Pick<OldResults, "folder">,
  target: string,
): Promise<void> {
  refuseTaken(target);
  const staging = `${folder}/${stagingName}`;
  {
    using _lock = await lockIfThere(folder);
    const { entries } = findOldResults(folder) ?? { entries: [] };
    for (const name of entries) refuseEntry(`${folder}/${name}`, `${staging}/${name}`);
    if (entries.length > 0) Deno.mkdirSync(staging, { recursive: true });
    for (const name of entries) Deno.renameSync(`${folder}/${name}`, `${staging}/${name}`);
  }
  if (!exists(staging)) return; // another process has moved them
  refuseTaken(target);
  if (exists(target)) Deno.removeSync(target);
  Deno.renameSync(staging, target);
}

/** Keeps other processes from starting to use the old results, and refuses if one does. */
async function lockIfThere(folder: string): Promise<Disposable | undefined> {
  if (!exists(`${folder}/state`)) return undefined;
  const store = openStore(folder);
  const lock = await lockForGc(store).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined; // just moved by another process
    throw error;
  });
  if (lock === undefined) return undefined;
  const pending = exists(`${folder}/pending`) ? [...Deno.readDirSync(`${folder}/pending`)] : [];
  const running = heldKeys(store).size > 0 ||
    pending.some(({ name }) => name.endsWith(".lock") && isFileLocked(`${folder}/pending/${name}`));
  if (!running) return lock;
  lock[Symbol.dispose]();
  throw new Complaint(
    "a run is working with the results of the earlier version",
    "wait until it ends, or stop it with Ctrl-C, and try again",
    { place: { file: folder } },
  );
}

/** Whether something is at the place that old results move to, other than an empty folder. */
export function isTaken(target: string): boolean {
  if (!exists(target)) return false;
  return !Deno.lstatSync(target).isDirectory || [...Deno.readDirSync(target)].length > 0;
}

function refuseTaken(target: string): void {
  if (!isTaken(target)) return;
  throw new Complaint(
    "there are results here already, and old results are not merged with them",
    "move this folder away and try again; or leave the old results where they are, " +
      "and use them with --results",
    { place: { file: target } },
  );
}

function refuseEntry(from: string, to: string): void {
  if (exists(to)) {
    throw new Complaint(
      "an interrupted move already moved results of this name",
      `compare it with ${to}, remove one of the two, and try again`,
      { place: { file: from } },
    );
  }
  if (Deno.lstatSync(from).isSymlink && !isAbsolute(Deno.readLinkSync(from))) {
    throw new Complaint(
      "this is a link with a relative path, which would point elsewhere after the move",
      "replace it by a link with an absolute path and try again",
      { place: { file: from } },
    );
  }
}
