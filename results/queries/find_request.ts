/** Which asking of an experiment is meant: `name` the last, `name~1` the one before, and so on. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { listRequests, type RequestRecord } from "../database/stored_files.ts";

/**
 * Askings that need the same runs are one, counted by the time it was last asked.
 *
 * @returns undefined when no experiment of that name was ever asked
 * @throws Complaint when it was not asked as often as `~N` says
 */
export function findRequest(root: string, word: string): RequestRecord | undefined {
  const [, name, back = "0"] = /^(.*?)(?:~(\d{1,4}))?$/.exec(word)!;
  const askings = requestsOf(root, name!);
  if (askings.length === 0) return undefined;
  const asking = askings[Number(back)];
  if (asking !== undefined) return asking;
  throw new Complaint(
    `\`${name}\` was asked with ${askings.length} choice${askings.length === 1 ? "" : "s"} of ` +
      `parameters, and \`${word}\` would be one more`,
    askings.length === 1
      ? `\`${name}\` is the only one; other choices come from changes of its file or --set`
      : `the earliest is \`${name}~${askings.length - 1}\``,
  );
}

/**
 * The latest request of an experiment that was made with these `--set` options, in any order.
 *
 * @returns undefined when the experiment was never requested
 * @throws Complaint when it was, but never with these options
 */
export function findRequestWith(
  root: string,
  experiment: string,
  set: readonly string[],
): RequestRecord | undefined {
  const requests = requestsOf(root, experiment);
  if (requests.length === 0) return undefined;
  const wanted = setText(set);
  const found = requests.find(({ source }) => setText(source?.set ?? []) === wanted);
  if (found !== undefined) return found;
  const known = [...new Set(requests.map(({ source }) => setText(source?.set ?? [])))];
  throw new Complaint(
    `\`${experiment}\` was never run with ${wanted}`,
    `run it with these options first; it was run with ${
      known.slice(0, 8).map((text) => text || "no --set").join("; ")
    }`,
  );
}

function setText(set: readonly string[]): string {
  return set.map((one) => `--set '${one}'`).sort().join(" ");
}

/** Latest first. */
function requestsOf(root: string, name: string): RequestRecord[] {
  return listRequests(root).filter(({ experiment }) => experiment === name)
    .sort((one, other) => one.asked < other.asked ? 1 : one.asked > other.asked ? -1 : 0);
}
