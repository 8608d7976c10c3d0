/** Reads the top-level key `threads` of an experiment: the threads of each computing stage. */
import { Complaint } from "../contract/complaint.ts";
import type { LocatedValue } from "./located_value.ts";
import { shown } from "./shown_value.ts";

/** As for the option `--threads`. */
const most = 9999;

/** @returns undefined if the experiment does not say, and after a complaint */
export function readThreads(
  given: LocatedValue | undefined,
  complaints: Complaint[],
): number | undefined {
  if (given === undefined) return undefined;
  const { value, place, written } = given;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) {
    return value;
  }
  const example = written === undefined ? "threads: 1" : "--set threads=1";
  complaints.push(
    new Complaint(
      `\`threads\` is ${shown(value)}, not a whole number from 1 to ${most}`,
      `write \`${example}\`, the number of threads of each computing stage`,
      { place },
    ),
  );
  return undefined;
}
