import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";

export interface WrongCommand {
  readonly name: "wrong";
  readonly results: string;
  readonly file: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly count: number;
  readonly direction?: "i2t" | "t2i";
  readonly threads: number;
  readonly page?: string;
  readonly json: boolean;
}

export const wrongDefinition = defineCommand({
  name: "wrong",
  options: {
    set: list,
    only: list,
    count: text,
    direction: text,
    threads: text,
    page: text,
    json: flag,
  },
  read({ results, values, positionals, defaults }): WrongCommand {
    const [file, second] = positionals;
    if (file === undefined || second !== undefined) {
      throw new Complaint(
        "`wrong` wants an experiment file",
        "for example: deno task wrong experiments/smoke.yaml",
      );
    }
    const { page, direction } = values;
    if (direction !== undefined && direction !== "i2t" && direction !== "t2i") {
      throw new Complaint(
        `--direction is i2t or t2i, not \`${direction}\``,
        "i2t: pictures ask for captions; t2i: captions ask for pictures",
      );
    }
    return {
      name: "wrong",
      results,
      file,
      set: values.set ?? [],
      only: values.only ?? [],
      count: count(values, "count") ?? 12,
      ...(direction !== undefined && { direction }),
      threads: count(values, "threads") ?? defaults.threads,
      ...(page !== undefined && { page }),
      json: values.json === true,
    };
  },
});
