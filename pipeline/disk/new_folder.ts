/** Writes a new folder, for example an export, that exists either completely or not at all. */
import { dirname, resolve } from "node:path";
import { Complaint } from "../contract/complaint.ts";
import { partOf } from "./part.ts";

/**
 * Fills a temporary folder next to the target and renames it; leaves nothing behind on failure.
 *
 * @param folder the target, which must not exist or must be empty
 * @param fill receives the path of the temporary folder and creates it when it writes
 */
export async function intoNewFolder<Result>(
  folder: string,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const target = resolve(folder);
  requireNewOrEmpty(target);
  try {
    Deno.mkdirSync(dirname(target), { recursive: true });
    using part = partOf(target);
    const result = await fill(part.path);
    Deno.mkdirSync(part.path, { recursive: true });
    Deno.renameSync(part.path, target);
    return result;
  } catch (error) {
    throw writeComplaint(error, target) ?? error;
  }
}

function requireNewOrEmpty(folder: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Complaint(
      "the export cannot be written to this folder",
      "give a new or an empty folder",
      { place: { file: folder }, cause: error },
    );
  }
  if (entries.length === 0) return;
  throw new Complaint(
    "the folder for the export is not empty",
    "give a new or an empty folder",
    { place: { file: folder } },
  );
}

function writeComplaint(error: unknown, folder: string): Complaint | undefined {
  if (error instanceof Complaint) return error;
  const message = error instanceof Error ? error.message : String(error);
  const options = { place: { file: folder }, cause: error, exitCode: 1 } as const;
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return new Complaint(
      "the disk is full",
      "free some space and export again, or export to another disk; nothing was kept",
      options,
    );
  }
  if (/permission denied|read-only file system|not a directory/i.test(message)) {
    return new Complaint(
      "the export cannot be written to this folder",
      "choose another folder, or grant yourself write permission for this one",
      options,
    );
  }
  return undefined;
}
