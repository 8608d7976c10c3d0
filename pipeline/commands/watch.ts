import { Complaint } from "../contract/complaint.ts";
import { defineCommand, text } from "./define_command.ts";
import { portNumber } from "./option_values.ts";

export interface WatchCommand {
  readonly name: "watch";
  readonly results: string;
  /** Name or file. */
  readonly experiment?: string;
  readonly port: number;
}

export const watchDefinition = defineCommand({
  name: "watch",
  options: { port: text },
  read({ results, values, positionals }): WatchCommand {
    const [experiment, second] = positionals;
    if (second !== undefined) {
      throw new Complaint(
        "`watch` takes one experiment, or none for the last one asked",
        "for example: deno task watch scenes_iais",
      );
    }
    return {
      name: "watch",
      results,
      ...(experiment !== undefined && { experiment }),
      port: portNumber(values),
    };
  },
});
