import { defineCommand, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";
import { onePositional } from "./positionals.ts";

export interface DoctorCommand {
  readonly name: "doctor";
  readonly results: string;
  readonly file: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly jobs: number;
  readonly threads: number;
}

export const doctorDefinition = defineCommand({
  name: "doctor",
  options: { set: list, only: list, jobs: text, threads: text },
  read({ results, values, positionals, defaults }): DoctorCommand {
    return {
      name: "doctor",
      results,
      file: onePositional(
        positionals,
        "experiment file",
        "deno task doctor experiments/smoke.yaml",
      ),
      set: values.set ?? [],
      only: values.only ?? [],
      jobs: count(values, "jobs") ?? 1,
      threads: count(values, "threads") ?? defaults.threads,
    };
  },
});
