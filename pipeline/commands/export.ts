import { defineCommand, flag, text } from "./define_command.ts";
import { onePositional } from "./positionals.ts";

export interface ExportCommand {
  readonly name: "export";
  readonly results: string;
  /** The folder to make. */
  readonly folder: string;
  /** Name or file of an experiment. */
  readonly experiment?: string;
  readonly withArtifacts: boolean;
  readonly license?: string;
}

export const exportDefinition = defineCommand({
  name: "export",
  options: { experiment: text, "with-artifacts": flag, license: text },
  read({ results, values, positionals }): ExportCommand {
    const { experiment, license } = values;
    return {
      name: "export",
      results,
      folder: onePositional(positionals, "folder", "deno task export /tmp/results_export"),
      ...(experiment !== undefined && { experiment }),
      withArtifacts: values["with-artifacts"] === true,
      ...(license !== undefined && { license }),
    };
  },
});
