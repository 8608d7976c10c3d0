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
  const askings = listRequests(root).filter(({ experiment }) => experiment === name)
    .sort((one, other) => one.asked < other.asked ? 1 : one.asked > other.asked ? -1 : 0);
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
