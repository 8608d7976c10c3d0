import { Complaint } from "../contract/complaint.ts";
import { defineCommand, list, text } from "./define_command.ts";
import { onePositional } from "./positionals.ts";

export interface ReportCommand {
  readonly name: "report";
  readonly results: string;
  /** As commands of the same folder need it: `--results DIR`, or nothing where it was not given. */
  readonly resultsOption: readonly string[];
  /** Name or file. */
  readonly experiment: string;
  /** Name or file of another. */
  readonly against?: string;
  readonly set: readonly string[];
  /** The folder to write. */
  readonly out?: string;
}

export const reportDefinition = defineCommand({
  name: "report",
  options: { against: text, set: list, out: text },
  read({ results, values, positionals }): ReportCommand {
    const { against, out } = values;
    for (const [option, value] of [["--against", against], ["--out", out]]) {
      if (value === "") throw new Complaint(`\`${option}\` is empty`, "give it a value");
    }
    return {
      name: "report",
      results,
      resultsOption: values.results === undefined ? [] : ["--results", results],
      experiment: onePositional(positionals, "experiment", "deno task report smoke"),
      ...(against !== undefined && { against }),
      set: values.set ?? [],
      ...(out !== undefined && { out }),
    };
  },
});
