/**
 * File stamps: size, time and inode of an artifact's files, stored next to its manifest. As long as
 * they have not changed since the digests were computed, the files need not be read again. The files
 * of a copied folder have new inodes and times and are read once.
 */
import { type BigIntStats, statSync } from "node:fs";
import * as v from "valibot";
import { storedContent, type StoredSchema } from "../disk/stored_json.ts";
import type { ArtifactFile } from "./manifest.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

/** Path -> size, time of the last change in nanoseconds, inode. */
type Stamps = Readonly<Record<string, readonly [size: string, changed: string, inode: string]>>;

/** @param folder contains `artifact/`, whose files have just been read or written */
export function writeFileStamps(folder: string, files: readonly ArtifactFile[]): void {
  const stamps = Object.fromEntries(
    files.map((
      { path },
    ) => [path, stampOf(statSync(`${folder}/artifact/${path}`, { bigint: true }))]),
  );
  writeAtomically(fileOf(folder), JSON.stringify(stamps) + "\n", { sync: false });
}

/** Forgets the stamps of files that do not match their digests. */
export function dropFileStamps(folder: string): void {
  Deno.removeSync(fileOf(folder), { recursive: true });
}

/**
 * File system clocks tick every few milliseconds. A file that changes again within the tick of its
 * stamp keeps its time, so stamps taken this soon after the last change are not trusted.
 */
const tick = 50_000_000n; // ns

/** Returns whether a file still has its stamp; false for all files if stamps are missing or damaged. */
export function readFileStamps(folder: string): (path: string, stat: BigIntStats) => boolean {
  const file = fileOf(folder);
  const written = statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  const stamps = written === undefined ? undefined : storedContent(file, stampsSchema);
  return (path, stat) => {
    const stamp = stamps !== undefined && Object.hasOwn(stamps, path) ? stamps[path] : undefined;
    return stamp !== undefined && String(stamp) === String(stampOf(stat)) &&
      stat.mtimeNs + tick < written!;
  };
}

const stampsSchema: StoredSchema<Stamps> = v.record(
  v.string(),
  v.tuple([v.string(), v.string(), v.string()]),
);

function stampOf({ size, mtimeNs, ino }: BigIntStats): [string, string, string] {
  return [String(size), String(mtimeNs), String(ino)];
}

function fileOf(folder: string): string {
  return `${folder}/stamps.json`;
}
