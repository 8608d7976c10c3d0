import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag, list, text } from "./define_command.ts";
import { count } from "./option_values.ts";

export interface SearchCommand {
  readonly name: "search";
  readonly results: string;
  readonly file: string;
  readonly query: string;
  readonly set: readonly string[];
  readonly only: readonly string[];
  readonly split?: string;
  readonly count: number;
  readonly threads: number;
  readonly page?: string;
  readonly json: boolean;
}

export const searchDefinition = defineCommand({
  name: "search",
  options: {
    set: list,
    only: list,
    split: text,
    count: text,
    threads: text,
    page: text,
    json: flag,
  },
  read({ results, values, positionals, defaults }): SearchCommand {
    const [file, query, third] = positionals;
    if (file === undefined || query === undefined || third !== undefined || query.trim() === "") {
      throw new Complaint(
        "`search` wants an experiment file and a query, in quotes if it has several words",
        'for example: deno task search experiments/scenes_iais.yaml "a red ball"',
      );
    }
    const { split, page } = values;
    return {
      name: "search",
      results,
      file,
      query,
      set: values.set ?? [],
      only: values.only ?? [],
      ...(split !== undefined && { split }),
      count: count(values, "count") ?? 10,
      threads: count(values, "threads") ?? defaults.threads,
      ...(page !== undefined && { page }),
      json: values.json === true,
    };
  },
});
