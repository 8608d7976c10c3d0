import { Complaint, ComplaintList } from "../contract/complaint.ts";
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
    : diskComplaint(error, results);
  if (known !== undefined) {
    console.error(plainText(String(known)));
    return known.exitCode;
  }
  const bug = error instanceof Error ? error.stack ?? error.message : String(error);
  console.error(plainText(`internal: ${bug}`));
  return 1;
}
