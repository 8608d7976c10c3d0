/**
 * Holds a run to the code that its keys were made of. A worker process loads all code of its stage
 * when it starts, so later edits do not reach it; this makes sure that what it loads is that code.
 */
import { Complaint } from "../contract/complaint.ts";
import { fileState } from "../disk/file_state.ts";
import { pathToFileURL } from "node:url";
import { codeDigests } from "../key/code_digest.ts";
import type { StageCode } from "../store/code_record.ts";

/**
 * Called before a worker process starts. Edits since the run started are allowed if the digest of the
 * code has not changed, such as those of comments.
 *
 * @returns a check to call when the process has loaded the code
 * @throws Complaint, and so does the check, if the code has changed
 */
export type CodeGuard = (kind: string) => Promise<() => void>;

/** @param code kind of stage -> the code that its keys were made of */
export function codeGuard(code: ReadonlyMap<string, StageCode>): CodeGuard {
  const current = new Map(code);
  let last: Promise<unknown> = Promise.resolve();
  return (kind) => {
    // One after another: reading code stops the shared process of esbuild.
    const check = last.then(async () => {
      const now = await unlessChanged(current.get(kind)!);
      current.set(kind, now);
      return () => requireSameFiles(now);
    });
    last = check.catch(() => {});
    return check;
  };
}

/** The code with the states that its files have now. */
async function unlessChanged(code: StageCode): Promise<StageCode> {
  const file = changedFile(code);
  if (file === undefined) return code;
  const { stage, root, entry } = code;
  const url = pathToFileURL(`${root}/${stage}`);
  const cache = { [stage]: entry };
  await codeDigests([url], { root: pathToFileURL(`${root}/`), cache });
  const now = cache[stage]!;
  if (now.digest !== entry.digest) throw changed(file);
  return { stage, root, entry: now };
}

function requireSameFiles(code: StageCode): void {
  const file = changedFile(code);
  if (file !== undefined) throw changed(file);
}

function changedFile({ root, entry }: StageCode): string | undefined {
  return Object.entries(entry.files)
    .find(([path, state]) => fileState(`${root}/${path}`) !== state)?.[0];
}

function changed(file: string): Complaint {
  return new Complaint(
    "the code of this stage has changed since the run started, so its result would not match its key",
    "run again: the stage then gets the key of its code as it is now",
    { place: { file }, exitCode: 1 },
  );
}
