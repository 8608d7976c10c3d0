import { Complaint, ComplaintList } from "../contract/complaint.ts";
import { lowerText, OutOfMemory } from "../contract/out_of_memory.ts";
import { plainText } from "../contract/plain_text.ts";
import { diskComplaint } from "../disk/disk_complaint.ts";

/**
 * Prints what went wrong.
 *
 * @param results the results folder, which errors of the disk are reported for
 * @returns the exit code
 */
export function reportError(error: unknown, results: string): number {
  const known = error instanceof Complaint || error instanceof ComplaintList
    ? error
    : error instanceof OutOfMemory
    ? new Complaint(`memory ran out: ${error.message}`, lowerText(undefined, {}), { exitCode: 1 })
    : diskComplaint(error, results);
  if (known !== undefined) {
    console.error(plainText(String(known)));
    return known.exitCode;
  }
  const bug = error instanceof Error ? error.stack ?? error.message : String(error);
  console.error(plainText(`internal: ${bug}`));
  return 1;
}
