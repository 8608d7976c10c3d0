/** Something in the place of a file or a folder that the program needs there. */
import { statSync } from "node:fs";
import { exists } from "./read_if_there.ts";

/**
 * Moves aside what is at a path, if it is not of the needed sort; a link counts as its target.
 *
 * @returns its new path; undefined if nothing was in the way
 */
export function moveObstacle(path: string, needed: "file" | "folder"): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isDirectory() === (needed === "folder")) return undefined;
  for (let number = 1;; number++) {
    const free = `${path}.in_the_way-${number}`;
    if (exists(free)) continue;
    try {
      Deno.renameSync(path, free);
      return free;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined; // another process moved it
      throw error;
    }
  }
}

/** Creates a folder and those above it, where there may be a file in its place. */
export function makeFolder(path: string): void {
  moveObstacle(path, "folder");
  Deno.mkdirSync(path, { recursive: true });
}
