import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";

export interface WhyCommand {
  readonly name: "why";
  readonly results: string;
  readonly file: string;
  /** Name or label. */
  readonly stage: string;
  /** Beginning of a key. */
  readonly against?: string;
  readonly set: readonly string[];
  readonly threads: number;
  readonly json: boolean;
}

export const whyDefinition = defineCommand({
  name: "why",
  options: { against: text, set: list, threads: text, json: flag },
  read({ results, values, positionals, defaults }): WhyCommand {
    const [file, stage, third] = positionals;
    if (file === undefined || stage === undefined || third !== undefined) {
      throw new Complaint(
        "`why` wants an experiment file and a stage",
        "for example: deno task why experiments/smoke.yaml tuned",
      );
    }
    const { against } = values;
    return {
      name: "why",
      results,
      file,
      stage,
      ...(against !== undefined && { against }),
      set: values.set ?? [],
      threads: count(values, "threads") ?? defaults.threads,
      json: values.json === true,
    };
  },
});
