/**
 * Size, time and inode of an artifact's files, beside its manifest: as long as they are what they were
 * when their digests were taken, the files need not be read again. A copy has other inodes and times,
 * and is read once.
 */
import { type BigIntStats, statSync } from "node:fs";
import { readIfThere } from "../disk/read_if_there.ts";
import type { ArtifactFile } from "./manifest.ts";
import { writeAtomically } from "../disk/atomic_write.ts";

/** Path -> size, time of the last change in nanoseconds, inode. */
type Stamps = Readonly<Record<string, readonly [size: string, changed: string, inode: string]>>;

/** @param folder holds `artifact/`, whose files have just been read or written */
export function writeFileStamps(folder: string, files: readonly ArtifactFile[]): void {
  const stamps = Object.fromEntries(
    files.map((
      { path },
    ) => [path, stampOf(statSync(`${folder}/artifact/${path}`, { bigint: true }))]),
  );
  writeAtomically(fileOf(folder), JSON.stringify(stamps) + "\n", { sync: false });
}

/** The files are not what their digests say, whatever their times tell. */
export function dropFileStamps(folder: string): void {
  Deno.removeSync(fileOf(folder));
}

/**
 * Clocks of file systems tick every few milliseconds: what is changed in the tick in which it was
 * noted keeps its time. What is noted so soon after its last change is not trusted.
 */
const tick = 50_000_000n; // ns

/** Tells of a file whether it is as it was noted; of none where nothing is noted, or it is damaged. */
export function readFileStamps(folder: string): (path: string, stat: BigIntStats) => boolean {
  const file = fileOf(folder);
  const noted = statSync(file, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
  const stamps = noted === undefined ? {} : parsed(file);
  return (path, stat) => {
    const stamp = Object.hasOwn(stamps, path) ? stamps[path] : undefined;
    return Array.isArray(stamp) && String(stamp) === String(stampOf(stat)) &&
      stat.mtimeNs + tick < noted!;
  };
}

function parsed(file: string): Stamps {
  try {
    const stamps: unknown = JSON.parse(readIfThere(file) ?? "{}");
    return stamps !== null && typeof stamps === "object" ? stamps as Stamps : {};
  } catch {
    return {};
  }
}

function stampOf({ size, mtimeNs, ino }: BigIntStats): [string, string, string] {
  return [String(size), String(mtimeNs), String(ino)];
}

function fileOf(folder: string): string {
  return `${folder}/stamps.json`;
}
