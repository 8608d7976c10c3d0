import { defineCommand, text } from "./define_command.ts";
import { onePositional } from "./positionals.ts";

export interface TensorboardCommand {
  readonly name: "tensorboard";
  readonly results: string;
  /** The folder to make. */
  readonly folder: string;
  /** Name or file. */
  readonly experiment?: string;
}

export const tensorboardDefinition = defineCommand({
  name: "tensorboard",
  options: { experiment: text },
  read({ results, values: { experiment }, positionals }): TensorboardCommand {
    return {
      name: "tensorboard",
      results,
      folder: onePositional(positionals, "folder", "deno task tensorboard /tmp/curves"),
      ...(experiment !== undefined && { experiment }),
    };
  },
});
