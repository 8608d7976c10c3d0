import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * An absolute path without symbolic links. What does not exist yet is appended to the real path of
 * the nearest parent that does; a link to nowhere stays as it is, as creating it fails.
 */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** Deno lets a process with limited permissions read or write nothing in these folders. */
const specialFolders = ["/dev", "/proc", "/sys"];

/** Whether a real path is out of reach for stages: a memory file system like /dev/shm, for example. */
export function isSpecial(path: string): boolean {
  return specialFolders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
