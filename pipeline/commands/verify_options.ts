import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";

export interface VerifyCommand {
  readonly name: "verify";
  readonly results: string;
  readonly file: string;
  readonly names: readonly string[];
  readonly set: readonly string[];
  readonly jobs: number;
  readonly threads: number;
  readonly json: boolean;
}

export const verifyDefinition = defineCommand({
  name: "verify",
  options: { set: list, jobs: text, threads: text, json: flag },
  read({ results, values, positionals, defaults }): VerifyCommand {
    const [file, ...names] = positionals;
    if (file === undefined || file.trim() === "") {
      throw new Complaint(
        "which experiment file?",
        "for example: deno task verify experiments/smoke.yaml recall",
      );
    }
    return {
      name: "verify",
      results,
      file,
      names,
      set: values.set ?? [],
      jobs: count(values, "jobs") ?? 1,
      threads: count(values, "threads") ?? defaults.threads,
      json: values.json === true,
    };
  },
});
