import { defineCommand } from "./define_command.ts";
import { noPositionals } from "./positionals.ts";

export interface RebuildCommand {
  readonly name: "rebuild";
  readonly results: string;
}

export const rebuildDefinition = defineCommand({
  name: "rebuild",
  options: {},
  read({ results, positionals }): RebuildCommand {
    noPositionals(positionals, "deno task rebuild");
    return { name: "rebuild", results };
  },
});
