/** What an experiment says a stage takes while it runs: `resources: { memory: 8 GB, gpus: 1 }`. */
import { readByteSize } from "./byte_size.ts";
import { Complaint, nearest } from "../contract/complaint.ts";
import type { LocatedValue } from "./located_value.ts";
import { clipped, shown } from "./shown_value.ts";
import type { Resources } from "../contract/stage.ts";

/** What is checked of each key, and how to write it. */
const readers: Readonly<Record<string, (value: unknown) => number | undefined>> = {
  memory: (value) => typeof value === "string" ? readByteSize(value) : undefined,
  gpus: (value) =>
    typeof value === "number" && value >= 0 && value <= 64 ? whole(value) : undefined,
};
const forms: Readonly<Record<string, string>> = {
  memory: "a size such as `8 GB`",
  gpus: "a whole number from 0",
};

/** It decides what runs at once, and no result: it is no part of any key. */
export function readResources(
  stage: string,
  given: LocatedValue | undefined,
  complaints: Complaint[],
): Partial<Resources> {
  if (given === undefined || given.value === null) return {};
  const { value } = given;
  if (typeof value !== "object" || Array.isArray(value)) {
    const what = `\`resources\` of stage \`${stage}\` is ${shown(value)}, not a map`;
    complaints.push(new Complaint(what, "write `resources: { memory: 8 GB }`", given));
    return {};
  }
  const read: Record<string, number> = {};
  for (const [key, said] of Object.entries(value)) {
    const place = given.at([key]);
    const number = Object.hasOwn(readers, key) ? readers[key]!(said) : undefined;
    if (number !== undefined) {
      read[key] = number;
      continue;
    }
    const meant = nearest(key, Object.keys(readers));
    complaints.push(
      Object.hasOwn(readers, key)
        ? new Complaint(
          `\`${key}\` of stage \`${stage}\` is ${shown(said)}`,
          `write ${forms[key]}`,
          { place },
        )
        : new Complaint(
          `stages have no resource \`${clipped(key)}\``,
          key === "threads"
            ? "all stages that compute take as many; give it to the run: `--threads N`"
            : meant !== undefined
            ? `did you mean \`${meant}\`?`
            : "there are `memory` and `gpus`",
          { place },
        ),
    );
  }
  return read;
}

function whole(value: number): number | undefined {
  return Number.isInteger(value) ? value : undefined;
}
