/** How commands deal with results of an earlier version: they report them, and move them on request. */
import type { CommandWorld } from "./command_world.ts";
import { Complaint } from "../contract/complaint.ts";
import { exists } from "../disk/read_if_there.ts";
import { findOldResults, isTaken, moveOldResults, stagingName } from "../store/old_results.ts";
import { fromFileUrl } from "../disk/file_path.ts";
import type { Invocation, SharedRequest } from "./define_command.ts";

/** These report old results themselves, or use no results. */
const silent = ["status", "help", "worker"];

/** Prints one line if there are old results, and the command uses the default folder, which is new. */
export function warnOfOldResults(
  { command, request: { results } }: Invocation,
  world: CommandWorld,
): void {
  if (silent.includes(command.name) || results !== world.defaultResults || exists(results)) return;
  const old = findOldResults(oldFolder(world));
  if (old === undefined) return;
  world.warn(
    `note: ${old.folder} has results of an earlier version; see: ${world.task} status`,
  );
}

/** Old results and the way to move them, as text; undefined if there are none. */
export function oldResultsText(
  { results }: SharedRequest,
  world: CommandWorld,
): string | undefined {
  if (results !== world.defaultResults) return undefined;
  const old = findOldResults(oldFolder(world));
  if (old === undefined) return undefined;
  const { folder, entries, interrupted } = old;
  return [
    interrupted
      ? "moving the results of an earlier version was interrupted; they are in"
      : "results of an earlier version, which are not used, are in",
    `  ${folder}: ${[...(interrupted ? [stagingName] : []), ...entries].join(", ")}`,
    `this version keeps results in\n  ${world.defaultResults}`,
    isTaken(world.defaultResults)
      ? "which is not empty; the old ones can be used with --results"
      : `move them there with: ${world.task} status --move-old-results`,
  ].join("\n");
}

/** @throws Complaint if they cannot be moved, or there are none */
export async function moveOldResultsOf(
  { results }: SharedRequest,
  world: CommandWorld,
): Promise<string> {
  if (results !== world.defaultResults) {
    throw new Complaint(
      "`--move-old-results` and `--results` are both given",
      "leave out `--results`: old results move to the default folder",
    );
  }
  const old = findOldResults(oldFolder(world));
  if (old === undefined) {
    throw new Complaint(
      "there are no results of an earlier version",
      "leave out `--move-old-results`",
      { place: { file: oldFolder(world) } },
    );
  }
  await moveOldResults(old, results);
  return `moved the results of an earlier version to ${results}`;
}

function oldFolder({ project }: CommandWorld): string {
  return fromFileUrl(new URL("results", project));
}
