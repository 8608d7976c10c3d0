/** Which asking a report is about: the last of an experiment, `name~1`, or the one with some `--set`. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { findRequest } from "../queries/find_request.ts";
import { listRequests, type RequestRecord } from "../database/stored_files.ts";

/**
 * @param set as it was given to the run; none: the last asking, whatever was set
 * @returns undefined when no experiment of that name was ever asked
 */
export function findReported(
  root: string,
  word: string,
  set: readonly string[],
): RequestRecord | undefined {
  if (set.length === 0) return findRequest(root, word);
  const askings = listRequests(root).filter(({ experiment }) => experiment === word)
    .sort((one, other) => one.asked < other.asked ? 1 : one.asked > other.asked ? -1 : 0);
  if (askings.length === 0) return undefined;
  const wanted = setText(set);
  const found = askings.find(({ source }) => setText(source?.set ?? []) === wanted);
  if (found !== undefined) return found;
  const asked = [...new Set(askings.map(({ source }) => setText(source?.set ?? [])))];
  throw new Complaint(
    `\`${word}\` was never asked with ${wanted}`,
    `run it so first; it was asked with ${
      asked.slice(0, 8).map((text) => text || "nothing set").join("; ")
    }`,
  );
}

/** Two settings of different parameters can stand in any order. */
function setText(set: readonly string[]): string {
  return set.map((one) => `--set '${one}'`).sort().join(" ");
}
