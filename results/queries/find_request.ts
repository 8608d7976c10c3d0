/** Finds a request of an experiment: `name` is the latest, `name~1` the one before it, and so on. */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { listRequests, type RequestRecord } from "../database/stored_files.ts";

/**
 * Requests that need the same runs count as one, dated by the last time it was made.
 *
 * @returns undefined if no experiment of that name was ever requested
 * @throws Complaint if `~N` goes back further than the requests
 */
export function findRequest(root: string, word: string): RequestRecord | undefined {
  const [, name, back = "0"] = /^(.*?)(?:~(\d{1,4}))?$/.exec(word)!;
  const requests = requestsOf(root, name!);
  if (requests.length === 0) return undefined;
  const request = requests[Number(back)];
  if (request !== undefined) return request;
  throw new Complaint(
    `there is no \`${word}\`: \`${name}\` was requested with ${requests.length} ` +
      `choice${requests.length === 1 ? "" : "s"} of parameters`,
    requests.length === 1
      ? `use \`${name}\`; a change of its file, or --set, gives another choice`
      : `the earliest is \`${name}~${requests.length - 1}\``,
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

/** The latest first. */
function requestsOf(root: string, experiment: string): RequestRecord[] {
  return listRequests(root).filter((one) => one.experiment === experiment)
    .sort((one, other) =>
      one.requested < other.requested ? 1 : one.requested > other.requested ? -1 : 0
    );
}
