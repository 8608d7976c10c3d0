/** Reads the resources that an experiment sets for a stage: `resources: { memory: 8 GB, gpus: 1 }`. */
import { readByteSize } from "./byte_size.ts";
import { Complaint, didYouMean } from "../contract/complaint.ts";
import type { LocatedValue } from "./located_value.ts";
import { clipped, shown } from "./shown_value.ts";
import type { Resources } from "../contract/stage.ts";

/** Resource -> its parser, and its format for messages. */
const readers: Readonly<Record<string, (value: unknown) => number | undefined>> = {
  memory: (value) => typeof value === "string" ? readByteSize(value) : undefined,
  gpus: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 64
      ? value
      : undefined,
};
const formats: Readonly<Record<string, string>> = {
  memory: "a size such as `8 GB`",
  gpus: "an integer from 0 to 64",
};

/** Resources determine what can run at once but not the results, so they are not part of any key. */
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
  for (const [key, setting] of Object.entries(value)) {
    const place = given.at([key]);
    const number = Object.hasOwn(readers, key) ? readers[key]!(setting) : undefined;
    if (number !== undefined) {
      read[key] = number;
      continue;
    }
    complaints.push(
      Object.hasOwn(readers, key)
        ? new Complaint(
          `\`${key}\` of stage \`${stage}\` is ${shown(setting)}`,
          `use ${formats[key]}`,
          { place },
        )
        : new Complaint(
          `stages have no resource \`${clipped(key)}\``,
          key === "threads"
            ? "all computing stages use the same number: write `threads: N` next to `stages`"
            : didYouMean(key, Object.keys(readers)) ?? "the resources are `memory` and `gpus`",
          { place },
        ),
    );
  }
  return read;
}
