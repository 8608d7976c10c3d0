import { defineCommand, flag } from "./define_command.ts";
import { onePositional } from "./positionals.ts";

export interface ShowCommand {
  readonly name: "show";
  readonly results: string;
  /** Beginning of a key, or a label. */
  readonly run: string;
  readonly json: boolean;
}

export const showDefinition = defineCommand({
  name: "show",
  options: { json: flag },
  read({ results, values, positionals }): ShowCommand {
    return {
      name: "show",
      results,
      run: onePositional(positionals, "run", "deno task show 3fa29c1b"),
      json: values.json === true,
    };
  },
});
