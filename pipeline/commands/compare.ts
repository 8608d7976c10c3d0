import { defineCommand } from "./define_command.ts";
import { json } from "./shared_options.ts";
import { requestedExperiment } from "./requested_experiment.ts";
import { one } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";

export const compareCommand = defineCommand({
  name: "compare",
  summary: "compare the parameters and metrics of two runs or experiments",
  details: "A and B are two stage runs (beginning of a key, or a label) or two experiments (name " +
    "or file, which means its present parameters). NAME~1 is the experiment NAME as it was " +
    "requested before its last change of parameters.",
  arguments: {
    first: one("A", "a run or an experiment"),
    second: one("B", "another one to compare it with"),
  },
  options: { json },
  example: "scenes_iais~1 scenes_iais",
  async run({ results, first, second, json }, world) {
    const { root } = openStore(results);
    const { compareCommand } = await import("../../results/queries/compare_runs.ts");
    const both = [
      requestedExperiment(first, [], world),
      requestedExperiment(second, [], world),
    ] as const;
    const { print, warn, width } = world;
    print(await compareCommand(root, both, { json, width: width(), warn }));
  },
});
