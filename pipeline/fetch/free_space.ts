import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/** Free bytes of the disk on which a path is, or would be. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(path));
  return Number(bavail) * Number(bsize);
}

function nearestExisting(path: string): string {
  try {
    Deno.statSync(path);
    return path;
  } catch {
    return dirname(path) === path ? path : nearestExisting(dirname(path));
  }
}
