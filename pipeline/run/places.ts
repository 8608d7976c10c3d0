/** Checks, before any work begins, that the places of a run can do what stages will need of them. */
import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { ArtifactStore } from "../store/artifact_store.ts";
import { Complaint } from "../contract/complaint.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import { exists } from "../disk/read_if_there.ts";
import { isFileLocked } from "../disk/file_lock.ts";
import { isSpecial, realPath } from "../disk/real_path.ts";
import type { KeyedNode } from "../key/key.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { scratchFolder } from "../store/keys_in_use.ts";

/**
 * The results folder, which need not exist yet, must be reachable, and a place to which the
 * permissions of a stage can be limited. Writes nothing.
 *
 * @throws Complaint
 */
export function requireConfinable(root: string): void {
  const path = realPath(root);
  const link = brokenLink(path);
  if (link !== undefined) {
    throw new Complaint(
      `the results folder is a symbolic link to ${Deno.readLinkSync(link)}, which does not exist`,
      "create that folder, correct the link, or use another folder with --results",
      { place: { file: link } },
    );
  }
  if (isSpecial(path)) {
    throw new Complaint(
      "stages cannot write to this results folder: Deno protects /dev, /proc and /sys",
      "use another folder with --results; for one in memory, use a tmpfs that is mounted elsewhere",
      { place: { file: path } },
    );
  }
  if (path.includes(",")) {
    throw new Complaint(
      "the path of the results folder has a comma, so the permissions of stages cannot be limited to it",
      "use another folder with --results, or rename this one",
      { place: { file: path } },
    );
  }
}

/** A link to nowhere, which keeps a real path from being created. */
function brokenLink(path: string): string | undefined {
  if (existsSync(path) || dirname(path) === path) return undefined;
  return exists(path) ? path : brokenLink(dirname(path));
}

/**
 * Creates the folders of the store, and checks that results of these nodes can be stored there:
 * folders can be written, renamed and locked, and a filled folder can be moved to the complete ones.
 *
 * @throws Complaint
 */
export function requireUsable(store: ArtifactStore, nodes: readonly KeyedNode[]): void {
  const { root } = store;
  requireConfinable(root);
  store.prepare();
  try {
    const kinds = new Set(nodes.map(({ definition }) => `artifacts/${definition.name}`));
    requireOneFileSystem(root, ["artifacts", "pending", "state", ...kinds]);
    using scratch = scratchFolder(store);
    Deno.mkdirSync(`${scratch.path}/from/artifact`, { recursive: true });
    Deno.renameSync(`${scratch.path}/from`, `${scratch.path}/to`);
    if (!isFileLocked(`${scratch.path}.lock`)) throw withoutLocks(root);
  } catch (error) {
    throw diskComplaint(error, root) ?? unusable(root, error);
  }
}

/** Results are moved between these folders by renaming, which works within one file system only. */
function requireOneFileSystem(root: string, names: readonly string[]): void {
  const folders = names.map((name) => `${root}/${name}`).filter((folder) => existsSync(folder));
  for (const folder of folders) accessSync(folder, constants.W_OK | constants.X_OK);
  const [first, ...rest] = folders.map((folder) => Deno.statSync(folder).dev);
  const other = rest.findIndex((device) => device !== first);
  if (other < 0) return;
  throw new Complaint(
    `\`${folders[0]}\` and \`${folders[other + 1]}\` are on different file systems, ` +
      "so results cannot be moved between them",
    "put the whole results folder on one file system; it may itself be a symbolic link",
    { place: { file: root } },
  );
}

function withoutLocks(root: string): Complaint {
  return new Complaint(
    "the file system of the results folder has no file locks",
    "mount it with locks (for NFS: without `nolock`), or use another folder with --results",
    { place: { file: root } },
  );
}

function unusable(root: string, cause: unknown): unknown {
  const isOfSystem = cause instanceof Error && "code" in cause && !(cause instanceof Complaint);
  if (!isOfSystem) return cause;
  return new Complaint(
    `the results folder cannot be used: ${cause.message}`,
    "stages need a file system that can lock files and rename folders; use another folder with --results",
    { place: { file: root }, cause },
  );
}

/**
 * Checks that stages can reach the files outside the project that they read.
 *
 * @param cache the folder of fetched packages
 * @throws Complaint
 */
export function requireReadable(nodes: readonly KeyedNode[], cache: string): void {
  const paths = nodes.flatMap((node) => [
    ...Object.values(outsidePaths(node, cache)),
    ...(node.watched ?? []).map(({ path }) => path),
  ]);
  const special = [...new Set(paths)].find((path) => isSpecial(realPath(path)));
  if (special === undefined) return;
  throw new Complaint(
    "stages cannot read this file: Deno protects /dev, /proc and /sys",
    "copy it to another place; for one in memory, use a tmpfs that is mounted elsewhere",
    { place: { file: special } },
  );
}
