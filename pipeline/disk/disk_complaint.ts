import { Complaint } from "../contract/complaint.ts";

/** Translates an error that the disk caused (full, failing, read-only, no permission) for the user. */
export function diskComplaint(error: unknown, path: string): Complaint | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  const place = { file: path };
  const options = { place, exitCode: 1 as const, cause: error };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Complaint(
      "the disk is full",
      "free some space and run again; complete results are kept",
      options,
    );
  }
  if (code === "EIO") {
    return new Complaint(
      "the disk failed to read or write (input/output error)",
      "check the disk and its mount, then run again with --verify, which reads all results",
      options,
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || isDenied(error)) {
    return new Complaint(
      "the results folder is not writable",
      "grant yourself write permission, or use another folder with --results",
      { ...options, exitCode: 2 },
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST") {
    return new Complaint(
      "a parent of the results folder is a file",
      "use another folder with --results",
      { ...options, exitCode: 2 },
    );
  }
  return undefined;
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied;
}
