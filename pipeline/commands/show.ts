import { defineCommand } from "./define_command.ts";
import { json } from "./shared_options.ts";
import { one } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";

export const showCommand = defineCommand({
  name: "show",
  summary: "show everything about one stage run",
  details: "A run is named by the beginning of its key, or by its label, such as " +
    "'tuned[seed=1]'. Shows parameters, inputs, files from outside, versions, metrics, files " +
    "and logs.",
  arguments: { run: one("RUN", "a run") },
  options: { json },
  example: "3fa29c1b",
  async run({ results, run, json }, { print, warn }) {
    const { root } = openStore(results);
    const { showCommand } = await import("../../results/queries/show_run.ts");
    print(await showCommand(root, run, { json, warn }));
  },
});
