import { resolve } from "node:path";
import { Complaint } from "../contract/complaint.ts";

/**
 * Translates an error that the disk caused (full, failing, read-only, no permission, deleted) for the user.
 *
 * @param root the results folder, which is named unless the error names a file elsewhere
 */
export function diskComplaint(error: unknown, root: string): Complaint | undefined {
  const code = codeOf(error);
  const { path = root, reads } = accessIn(error);
  const inside = isWithin(resolve(path), resolve(root));
  const file = inside ? root : path;
  const complain = (what: string, fix: string, exitCode: 1 | 2 = 1) =>
    new Complaint(what, fix, { place: { file }, exitCode, cause: error });
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return complain(
        "the disk is full",
        inside
          ? "free some space and run again; complete results are kept"
          : "free some space and run again",
      );
    case "EIO":
      return complain(
        "the disk failed to read or write (input/output error)",
        "check the disk and its mount, then run again with --verify, which reads all results",
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
      if (!inside) {
        return complain(
          `permission to ${reads ? "read" : "use"} this path is denied`,
          `grant yourself permission${reads ? " to read it" : ""}, or use another path`,
          2,
        );
      }
      if (reads) {
        return new Complaint(
          "permission to read a file of the results folder is denied",
          "grant yourself permission to read it, or use another folder with --results",
          { place: { file: path }, exitCode: 2, cause: error },
        );
      }
      return complain(
        "the results folder is not writable",
        "grant yourself write permission, or use another folder with --results",
        2,
      );
    case "ENOTDIR":
    case "EEXIST":
      if (!inside) return undefined;
      return complain(
        "a parent of the results folder is a file",
        "use another folder with --results",
        2,
      );
    case "ENOENT":
      if (!inside || !isGone(resolve(path), resolve(root))) return undefined;
      return complain(
        "the results folder was deleted, or a part of it, while it was in use",
        "leave it alone while a run goes on, and run again: what is gone is computed again",
      );
    default:
      return undefined;
  }
}

function codeOf(error: unknown): unknown {
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  return (error as { code?: unknown } | null)?.code;
}

/** What the error's message says about the access: `Permission denied (os error 13): readfile '/x'`. */
function accessIn(error: unknown): { readonly path?: string; readonly reads: boolean } {
  const message = error instanceof Error ? error.message : "";
  const [, operation = "", path] = /: (\w+) '([^']+)'/.exec(message) ?? [];
  const reads = ["readfile", "readdir", "stat", "lstat", "readlink", "realpath"].includes(
    operation,
  );
  return { ...(path !== undefined && { path }), reads };
}

function isWithin(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** Whether the folder of the results folder that the path is in does not exist: `prepare` has made all of them. */
function isGone(path: string, root: string): boolean {
  const [folder, ...rest] = path.slice(root.length + 1).split("/");
  if (rest.length === 0) return false;
  try {
    Deno.lstatSync(`${root}/${folder}`);
    return false;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}
