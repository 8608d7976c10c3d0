/** Writes a file that another writer fills, such as a database, either completely or not at all. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { Complaint } from "../contract/complaint.ts";
import { partOf } from "./part.ts";

/**
 * Has a temporary file next to the target filled and renames it; leaves nothing behind on failure.
 *
 * @param file the target, which is replaced if it exists
 * @param fill receives the path of the temporary file
 */
export async function intoFile<Result>(
  file: string,
  fill: (temporary: string) => Promise<Result>,
): Promise<Result> {
  const target = resolve(file);
  try {
    if (isFolder(target)) throw new Deno.errors.IsADirectory("it is a folder");
    using part = partOf(target);
    Deno.writeTextFileSync(part.path, ""); // before the work of filling it
    const result = await fill(part.path);
    Deno.renameSync(part.path, target);
    return result;
  } catch (error) {
    throw isOfSystem(error) ? unwritable(target, error) : error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** An error of the file system, as Deno or as DuckDB reports it. */
function isOfSystem(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof Complaint) return false;
  return "code" in error || error instanceof Deno.errors.IsADirectory ||
    error.message.startsWith("IO Error");
}

function unwritable(file: string, cause: Error): Complaint {
  return new Complaint(
    `the file cannot be written: ${cause.message.split("\n")[0]}`,
    "name a file in a folder that exists, that you may write to, and whose disk has room",
    { place: { file }, cause },
  );
}
