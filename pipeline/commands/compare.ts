import { Complaint } from "../contract/complaint.ts";
import { defineCommand, flag } from "./define_command.ts";

export interface CompareCommand {
  readonly name: "compare";
  readonly results: string;
  /** Two runs or two experiments. */
  readonly both: readonly [string, string];
  readonly json: boolean;
}

export const compareDefinition = defineCommand({
  name: "compare",
  options: { json: flag },
  read({ results, values, positionals }): CompareCommand {
    const [first, second, third] = positionals;
    if (first === undefined || second === undefined || third !== undefined) {
      throw new Complaint(
        "`compare` wants two runs or two experiments",
        "for example: deno task compare scenes_iais~1 scenes_iais",
      );
    }
    return { name: "compare", results, both: [first, second], json: values.json === true };
  },
});
