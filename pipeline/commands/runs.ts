import { defineCommand, flag, text } from "./define_command.ts";
import { count } from "./option_values.ts";
import { oneOrNone } from "./positionals.ts";

export interface RunsCommand {
  readonly name: "runs";
  readonly results: string;
  /** Name or file of an experiment. */
  readonly experiment?: string;
  readonly stage?: string;
  /** Absent for all. */
  readonly limit?: number;
  readonly json: boolean;
}

export const runsDefinition = defineCommand({
  name: "runs",
  options: { stage: text, limit: text, json: flag },
  read({ results, values, positionals }): RunsCommand {
    const experiment = oneOrNone(positionals, "experiment", "deno task runs smoke");
    const json = values.json === true;
    const { stage } = values;
    const limit = count(values, "limit") ?? (json ? undefined : 20);
    return {
      name: "runs",
      results,
      ...(experiment !== undefined && { experiment }),
      ...(stage !== undefined && { stage }),
      ...(limit !== undefined && { limit }),
      json,
    };
  },
});
