import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, list, text } from "./define_command.ts";
import { byteSize, count } from "./option_values.ts";
import { onePositional } from "./positionals.ts";

export interface RunCommand {
  readonly name: "run";
  readonly results: string;
  readonly file: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly force: readonly string[];
  readonly jobs: number;
  readonly threads: number;
  /** Bytes that stages may declare at once; absent: the machine's. */
  readonly memory?: number;
  /** GPUs that stages may use at once; absent: those found. */
  readonly gpus?: number;
  readonly planOnly: boolean;
  readonly verify: boolean;
  readonly failFast: boolean;
  readonly show: "progress" | "result" | "events";
}

export const runDefinition = defineCommand({
  name: "run",
  options: {
    plan: flag,
    verify: flag,
    set: list,
    only: list,
    force: list,
    jobs: text,
    threads: text,
    memory: text,
    gpus: text,
    "fail-fast": flag,
    quiet: flag,
    json: flag,
  },
  read({ results, values, positionals, defaults }): RunCommand {
    const memory = byteSize(values, "memory");
    const gpus = count(values, "gpus");
    if (values.quiet === true && values.json === true) {
      throw new Complaint("`--quiet` and `--json` are both given", "give one of the two");
    }
    return {
      name: "run",
      results,
      file: onePositional(positionals, "experiment file", "deno task run experiments/smoke.yaml"),
      set: values.set ?? [],
      only: values.only ?? [],
      force: values.force ?? [],
      jobs: count(values, "jobs") ?? 1,
      threads: count(values, "threads") ?? defaults.threads,
      ...(memory !== undefined && { memory }),
      ...(gpus !== undefined && { gpus }),
      planOnly: values.plan === true,
      verify: values.verify === true,
      failFast: values["fail-fast"] === true,
      show: values.json === true ? "events" : values.quiet === true ? "result" : "progress",
    };
  },
});
