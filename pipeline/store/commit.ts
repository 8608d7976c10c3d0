/** The life of a pending folder: created, filled by a stage, sealed with a manifest, and committed. */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import * as v from "valibot";
import { type ArtifactStore } from "./artifact_store.ts";
import { exists } from "../disk/read_if_there.ts";
import { type ArtifactFile, digestOfFiles, type Manifest } from "./manifest.ts";
import { filesIn } from "../disk/listing.ts";
import { checkStoredJson, readStoredText } from "../disk/stored_json.ts";
import { writeFileStamps } from "./file_stamps.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

export interface Pending {
  readonly folder: string;
  readonly artifact: string;
  readonly resume: string;
  readonly log: string;
}

/**
 * Creates the folders that a stage writes to. The caller holds the key's lock. If the stage is
 * resumable and an earlier, killed run reached a checkpoint (`resume` is not empty), its checkpoints,
 * rows and measurements are kept, unless rows are damaged. Everything else is deleted.
 */
export function beginPending(
  folder: string,
  { resumable }: { resumable: boolean },
): Pending {
  const pending = pendingIn(folder);
  if (resumable && hasCheckpoint(pending) && hasRows(pending.artifact)) {
    for (const { name } of listed(pending.artifact)) {
      if (name !== "rows") Deno.removeSync(`${pending.artifact}/${name}`, { recursive: true });
    }
    if (exists(`${folder}/manifest.json`)) Deno.removeSync(`${folder}/manifest.json`);
  } else if (exists(folder)) {
    Deno.removeSync(folder, { recursive: true });
  }
  for (const part of [pending.artifact, pending.resume, pending.log]) {
    Deno.mkdirSync(part, { recursive: true });
  }
  return pending;
}

export function pendingIn(folder: string): Pending {
  return {
    folder,
    artifact: `${folder}/artifact`,
    resume: `${folder}/resume`,
    log: `${folder}/log`,
  };
}

/** The part of a manifest that does not follow from the files in the folder. */
export type ManifestFacts = Omit<Manifest, "files" | "digest">;

/** Writes the manifest of a pending folder and syncs the whole folder to the disk. */
export async function sealPending(pending: Pending, facts: ManifestFacts): Promise<Manifest> {
  const files = await digestFolder(pending.artifact);
  const manifest: Manifest = { ...facts, files, digest: digestOfFiles(files) };
  const text = JSON.stringify(manifest, null, 1) + "\n";
  writeAtomically(`${pending.folder}/manifest.json`, text, { sync: false });
  writeFileStamps(pending.folder, files);
  await syncFolder(pending.folder);
  return manifest;
}

/**
 * Makes a sealed folder complete by one rename, replacing an earlier complete folder of the same key.
 * The caller's worker holds the key's lock.
 */
export function commitPending(
  store: ArtifactStore,
  { key, preimage: { stage: kind } }: Manifest,
): void {
  const complete = store.completeFolder(kind, key);
  Deno.mkdirSync(`${store.root}/artifacts/${kind}`, { recursive: true });
  const replaced = exists(complete) ? store.setAside(kind, key) : undefined;
  Deno.renameSync(store.pendingFolder(key), complete);
  // Checkpoints are deleted last: before the rename, a kill would have lost the training.
  Deno.removeSync(pendingIn(complete).resume, { recursive: true });
  if (replaced !== undefined) Deno.removeSync(`${store.root}/${replaced}`, { recursive: true });
  syncPath(`${store.root}/artifacts/${kind}`);
  syncPath(`${store.root}/pending`);
}

/** Reads files of a complete artifact and describes the first damage; undefined if there is none. */
export async function damageIn(
  folder: string,
  files: readonly ArtifactFile[],
): Promise<string | undefined> {
  for (const { path, sha256 } of files) {
    const file = `${folder}/artifact/${path}`;
    if (!isFile(file)) return `its file ${path} is missing`;
    const now = await digestFile(file);
    if (now.sha256 !== sha256) return `the content of ${path} changed`;
  }
  return undefined;
}

/** Something in a complete artifact that is not in its manifest. */
export function extraFile(folder: string, files: readonly ArtifactFile[]): string | undefined {
  const known = new Set(files.map(({ path }) => path));
  return pathsBelow(`${folder}/artifact`).find((path) => !known.has(path));
}

/** Every file below a folder with size and SHA-256, sorted by path in code unit order. */
export async function digestFolder(folder: string): Promise<ArtifactFile[]> {
  const paths = filesBelow(folder).sort((a, b) => (a < b ? -1 : 1));
  const files: ArtifactFile[] = [];
  for (const path of paths) files.push({ path, ...await digestFile(`${folder}/${path}`) });
  return files;
}

async function digestFile(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash("sha256");
  let size = 0;
  using file = Deno.openSync(path);
  const chunk = new Uint8Array(1 << 18);
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    hash.update(chunk.subarray(0, read));
    size += read;
  }
  return { size, sha256: hash.digest("hex") };
}

/** Whether the rows that a killed run recorded can still be read; a kill may cut off the last line. */
function hasRows(artifact: string): boolean {
  if (!statSync(artifact, { throwIfNoEntry: false })?.isDirectory()) return false;
  return filesIn(`${artifact}/rows`, { ending: ".jsonl" }).every((name) => {
    const text = readStoredText(`${artifact}/rows/${name}`);
    if (text.state !== "read") return false;
    const lines = text.content.split("\n").slice(0, -1);
    return lines.every((line) => checkStoredJson(line, v.looseObject({})).state === "read");
  });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function filesBelow(folder: string): string[] {
  const paths = pathsBelow(folder);
  const other = paths.find((path) => !Deno.lstatSync(`${folder}/${path}`).isFile);
  if (other === undefined) return paths;
  throw new Error(`internal: an artifact contains ${other}, which is neither a file nor a folder`);
}

/** Everything below a folder that is not a folder itself. */
function pathsBelow(folder: string, prefix = ""): string[] {
  return listed(folder).flatMap(({ name, isDirectory }) =>
    isDirectory ? pathsBelow(`${folder}/${name}`, `${prefix}${name}/`) : [`${prefix}${name}`]
  );
}

/** Asks the system to write everything below a folder to the disk, files first. */
async function syncFolder(folder: string): Promise<void> {
  const files = filesBelow(folder);
  const workers = Array.from({ length: 8 }, async () => {
    for (let path = files.pop(); path !== undefined; path = files.pop()) {
      using file = await Deno.open(`${folder}/${path}`);
      await file.sync();
    }
  });
  await Promise.all(workers);
  for (const path of foldersBelow(folder)) syncPath(path);
}

function foldersBelow(folder: string): string[] {
  const inner = listed(folder).filter(({ isDirectory }) => isDirectory);
  return [...inner.flatMap(({ name }) => foldersBelow(`${folder}/${name}`)), folder];
}

function syncPath(path: string): void {
  if (Deno.build.os === "windows") return;
  using file = Deno.openSync(path);
  file.syncSync();
}

function listed(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return [];
    }
    throw error;
  }
}

/** A killed run can go on from it. */
export function hasCheckpoint({ resume }: Pick<Pending, "resume">): boolean {
  return listed(resume).length > 0;
}
