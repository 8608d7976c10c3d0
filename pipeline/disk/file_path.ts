import { fileURLToPath } from "node:url";
import { relative } from "node:path";

/** A file URL as a path without a slash at its end. */
export function fromFileUrl(url: URL): string {
  const path = fileURLToPath(url);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The way from a folder to a file, with `/` between its parts. */
export function relativePath(folder: string, file: string): string {
  return relative(folder, file).replaceAll("\\", "/");
}
