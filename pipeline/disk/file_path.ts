import { fileURLToPath } from "node:url";
import { relative } from "node:path";

/** A file URL as a path without a trailing slash. */
export function fromFileUrl(url: URL): string {
  const path = fileURLToPath(url);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The path of a file relative to a folder, with `/` as the separator. */
export function relativePath(folder: string, file: string): string {
  return relative(folder, file).replaceAll("\\", "/");
}
