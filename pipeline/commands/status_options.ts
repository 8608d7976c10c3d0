import { defineCommand, flag, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";
import { oneOrNone } from "./positionals.ts";

export interface StatusCommand {
  readonly name: "status";
  readonly results: string;
  readonly file?: string;
  readonly set: readonly string[];
  readonly threads: number;
  readonly json: boolean;
}

export const statusDefinition = defineCommand({
  name: "status",
  options: { set: list, threads: text, json: flag },
  read({ results, values, positionals, defaults }): StatusCommand {
    const file = oneOrNone(
      positionals,
      "experiment file",
      "deno task status experiments/smoke.yaml",
    );
    return {
      name: "status",
      results,
      ...(file !== undefined && { file }),
      set: values.set ?? [],
      threads: count(values, "threads") ?? defaults.threads,
      json: values.json === true,
    };
  },
});
