import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, text } from "./define_command.ts";
import { count, duration } from "./option_values.ts";
import { noPositionals } from "./positionals.ts";

export interface GcCommand {
  readonly name: "gc";
  readonly results: string;
  readonly keepLast: number;
  /** Names or files. */
  readonly keepExperiments?: readonly string[];
  /** Seconds. */
  readonly olderThan: number;
  readonly yes: boolean;
  readonly json: boolean;
}

export const gcDefinition = defineCommand({
  name: "gc",
  options: {
    "keep-last": text,
    "keep-experiments": text,
    "older-than": text,
    yes: flag,
    "dry-run": flag,
    json: flag,
  },
  read({ results, values, positionals }): GcCommand {
    noPositionals(positionals, "deno task gc --keep-last 2");
    if (values.yes === true && values["dry-run"] === true) {
      throw new Complaint("`--yes` and `--dry-run` are both given", "give one of the two");
    }
    const experiments = values["keep-experiments"]?.split(",").map((name) => name.trim());
    if (experiments?.includes("")) {
      throw new Complaint("`--keep-experiments` has an empty name", "write names with `,` between");
    }
    return {
      name: "gc",
      results,
      keepLast: count(values, "keep-last") ?? 1,
      ...(experiments !== undefined && { keepExperiments: experiments }),
      olderThan: duration(values, "older-than") ?? 0,
      yes: values.yes === true,
      json: values.json === true,
    };
  },
});
