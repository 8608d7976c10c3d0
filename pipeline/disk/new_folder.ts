/** A folder of files for others, there as a whole or not at all. */
import { basename, dirname, resolve } from "node:path";
import { Complaint } from "../contract/complaint.ts";

/**
 * Fills a folder beside its place and renames it into its place; what fails leaves nothing.
 *
 * @param folder not there yet, or empty
 * @param fill is given the folder to fill; it is made by the first who writes there
 */
export async function intoNewFolder<Result>(
  folder: string,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const target = resolve(folder);
  refuseUnlessFree(target);
  const temporary = `${dirname(target)}/.${basename(target)}.${Deno.pid}.part`;
  try {
    const result = await fill(temporary);
    Deno.mkdirSync(temporary, { recursive: true });
    Deno.renameSync(temporary, target);
    return result;
  } catch (error) {
    throw writeTrouble(error, target) ?? error;
  } finally {
    removeIfThere(temporary);
  }
}

function refuseUnlessFree(folder: string): void {
  let entries: Deno.DirEntry[];
  try {
    entries = [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new Complaint(
      "the export cannot be written here",
      "name a folder that is not there yet, or an empty one",
      { place: { file: folder }, cause: error },
    );
  }
  if (entries.length === 0) return;
  throw new Complaint(
    "this folder is not empty, and an export is a folder of its own",
    "name a folder that is not there yet, or an empty one",
    { place: { file: folder } },
  );
}

function writeTrouble(error: unknown, folder: string): Complaint | undefined {
  if (error instanceof Complaint) return error;
  const message = error instanceof Error ? error.message : String(error);
  const options = { place: { file: folder }, cause: error, exitCode: 1 } as const;
  if (/no space left on device|disk quota exceeded/i.test(message)) {
    return new Complaint(
      "the disk is full",
      "free some space and export again, or elsewhere; nothing of it was kept",
      options,
    );
  }
  if (/permission denied|read-only file system|not a directory/i.test(message)) {
    return new Complaint(
      "the export cannot be written here",
      "name another folder, or give yourself the right to write this one",
      options,
    );
  }
  return undefined;
}

function removeIfThere(folder: string): void {
  try {
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
