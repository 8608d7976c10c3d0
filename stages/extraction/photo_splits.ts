/** Assigns photos to splits. */
import { Complaint } from "../../pipeline/contract/complaint.ts";

export interface SplitRequest {
  /** Number of photos, taken from the end of the list sorted by name; or a file of names, one per line. */
  readonly test: number | { readonly file: string; readonly text: string };
  /** Likewise, taken before those of `test`. */
  readonly validation: number | { readonly file: string; readonly text: string };
}

/**
 * Sorted by name (UTF-16 code units), the last photos are `test`, those before them `val`, the rest `train`.
 * Photos in lists are assigned first.
 *
 * @throws {Complaint} when a list contains unknown names, or no photos are left for training
 */
export function splitsOf(names: readonly string[], request: SplitRequest): Map<string, string> {
  const splits = new Map<string, string>();
  const there = new Set(names);
  for (const [split, part] of [["test", request.test], ["val", request.validation]] as const) {
    if (typeof part === "number") continue;
    for (const name of listed(part, there)) {
      const other = splits.get(name);
      if (other !== undefined && other !== split) {
        throw new Complaint(
          `\`${name}\` is listed for ${other} and for ${split}`,
          "list each photo for one split",
          { place: { file: part.file }, exitCode: 1 },
        );
      }
      splits.set(name, split);
    }
  }
  const rest = names.filter((name) => !splits.has(name)).sort();
  for (const [split, part] of [["test", request.test], ["val", request.validation]] as const) {
    if (typeof part !== "number") continue;
    for (const name of rest.splice(Math.max(0, rest.length - part))) splits.set(name, split);
  }
  if (rest.length === 0) {
    throw new Complaint(
      `none of the ${names.length} photos with captions is left for training`,
      "set `test` and `validation` to fewer photos",
      { exitCode: 1 },
    );
  }
  for (const name of rest) splits.set(name, "train");
  return splits;
}

function listed({ file, text }: { file: string; text: string }, there: Set<string>): string[] {
  const names = text.split("\n").map((line) => line.trim());
  return names.flatMap((name, place) => {
    if (name === "") return [];
    if (there.has(name)) return [name];
    throw new Complaint(
      `\`${name}\` is listed, but is not a photo with captions`,
      "list names of photos as they are written in the captions file",
      { place: { file, line: place + 1 }, exitCode: 1 },
    );
  });
}
