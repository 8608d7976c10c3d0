/**
 * The results folder, without the database:
 *
 *     artifacts/<kind>/<key>/     complete: manifest.json, stamps.json, artifact/, log/
 *     pending/<key>/              in progress: artifact/, resume/, log/
 *     pending/<key>.lock          locked by the process that computes it
 *     state/                      format.json, requests, cached code digests, set_aside/
 *
 * A stage run goes from pending to complete by a single rename, so a kill at any moment leaves it
 * either pending or complete.
 */
import { statSync } from "node:fs";
import * as v from "valibot";
import { Complaint } from "../contract/complaint.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";
import { exists } from "../disk/read_if_there.ts";
import { makeFolder } from "../disk/obstacle.ts";
import { foldersIn } from "../disk/listing.ts";
import { readFileStamps } from "./file_stamps.ts";
import { storedContent } from "../disk/stored_json.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

/** Incremented with every change, here or in schema.sql, that older versions must not read. */
export const storeFormat = 2;

export interface ArtifactStore {
  /** Absolute path of the results folder. */
  readonly root: string;
  completeFolder(kind: string, key: string): string;
  pendingFolder(key: string): string;
  lockFile(key: string): string;
  stateFile(name: string): string;
  find(kind: string, key: string): Found;
  /** All complete artifacts. */
  list(): { readonly kind: string; readonly key: string }[];
  /** Moves a complete folder to `set_aside`; returns its new path from the root. */
  setAside(kind: string, key: string): string;
  /** Creates the folders that a run writes to. */
  prepare(): void;
}

/** What is stored under a key. */
export type Found =
  | { readonly state: "absent" }
  | {
    readonly state: "complete";
    readonly manifest: Manifest;
    /** Paths of files whose time or inode has changed since their digests were computed. */
    readonly touched: readonly string[];
  }
  | { readonly state: "broken"; readonly reason: string };

/**
 * Writes nothing, and the folder need not exist.
 *
 * @throws Complaint when a newer version of this program wrote the folder
 */
export function openStore(root: string): ArtifactStore {
  const completeFolder = (kind: string, key: string) => `${root}/artifacts/${kind}/${key}`;
  const stateFile = (name: string) => `${root}/state/${name}`;
  rejectNewerFormat(stateFile("format.json"));
  return {
    root,
    completeFolder,
    pendingFolder: (key) => `${root}/pending/${key}`,
    lockFile: (key) => `${root}/pending/${key}.lock`,
    stateFile,
    find: (kind, key) => find(completeFolder(kind, key), key),
    list: () => listArtifacts(root),
    setAside(kind, key) {
      const folder = `state/set_aside/${kind}-${key}`;
      makeFolder(stateFile("set_aside"));
      const free = firstFree(`${root}/${folder}`);
      Deno.renameSync(completeFolder(kind, key), free);
      return free.slice(root.length + 1);
    },
    prepare() {
      try {
        for (const folder of ["artifacts", "pending", "state"]) {
          Deno.mkdirSync(`${root}/${folder}`, { recursive: true });
        }
        const format = stateFile("format.json");
        if ((storedFormat(format) ?? 0) < storeFormat) {
          writeAtomically(format, JSON.stringify({ format: storeFormat }) + "\n");
        }
      } catch (error) {
        throw diskComplaint(error, root) ?? error;
      }
    },
  };
}

function rejectNewerFormat(file: string): void {
  const format = storedFormat(file);
  if (format === undefined || format <= storeFormat) return;
  throw new Complaint(
    `a newer version of this program wrote the results folder (format ${format}, ` +
      `this version reads up to ${storeFormat})`,
    "update the project, or use another folder with --results",
    { place: { file } },
  );
}

/** Undefined if the file is missing or damaged. */
function storedFormat(file: string): number | undefined {
  return storedContent(file, v.looseObject({ format: v.number() }))?.format;
}

function find(folder: string, key: string): Found {
  const manifest = readManifest(folder, key);
  if (manifest === undefined) {
    return exists(folder)
      ? { state: "broken", reason: "its manifest is missing" }
      : { state: "absent" };
  }
  if (typeof manifest === "string") return { state: "broken", reason: manifest };
  const isUnchanged = readFileStamps(folder);
  const touched: string[] = [];
  for (const { path, size } of manifest.files) {
    const stat = statSync(`${folder}/artifact/${path}`, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined) return { state: "broken", reason: `its file ${path} is missing` };
    if (Number(stat.size) !== size) {
      const reason = `its file ${path} has ${stat.size} bytes instead of ${size}`;
      return { state: "broken", reason };
    }
    if (!isUnchanged(path, stat)) touched.push(path);
  }
  return { state: "complete", manifest, touched };
}

/** Every complete artifact. What else lies in these folders is nothing that a run wrote. */
export function listArtifacts(root: string): { kind: string; key: string }[] {
  return foldersIn(`${root}/artifacts`).flatMap((kind) =>
    foldersIn(`${root}/artifacts/${kind}`).filter((name) => isKey.test(name))
      .map((key) => ({ kind, key }))
  );
}

const isKey = /^[0-9a-f]{64}$/;

function firstFree(path: string): string {
  for (let number = 1;; number++) {
    if (!exists(`${path}-${number}`)) return `${path}-${number}`;
  }
}
