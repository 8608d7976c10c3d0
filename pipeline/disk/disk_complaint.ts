import { Complaint } from "../contract/complaint.ts";

/** The error in a user's words when the disk is at fault: full, read-only or not ours to write. */
export function diskComplaint(error: unknown, path: string): Complaint | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  const place = { file: path };
  const options = { place, exitCode: 1 as const, cause: error };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new Complaint(
      "the disk is full",
      "free some space and run again; what is complete is kept and is not made again",
      options,
    );
  }
  if (code === "EIO") {
    return new Complaint(
      "the disk failed to read or write (input/output error)",
      "check the disk and how it is mounted, and run again with --verify, which reads all results",
      options,
    );
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || isDenied(error)) {
    return new Complaint(
      "the results folder cannot be written",
      "give yourself the right to write there, or use another folder with --results",
      { ...options, exitCode: 2 },
    );
  }
  if (code === "ENOTDIR" || code === "EEXIST") {
    return new Complaint(
      "the results folder lies below something that is a file",
      "use another folder with --results",
      { ...options, exitCode: 2 },
    );
  }
  return undefined;
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied;
}
