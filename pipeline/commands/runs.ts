import { count, text } from "./options.ts";
import { defineCommand } from "./define_command.ts";
import { experimentName, json, optionalExperiment } from "./shared_options.ts";
import { openStore } from "../store/artifact_store.ts";

export const runsCommand = defineCommand({
  name: "runs",
  summary: "list stage runs with time and main metrics, latest first",
  details: "EXPERIMENT is a name or a file; without it, the runs of all experiments are listed.",
  arguments: { experiment: optionalExperiment },
  options: {
    stage: text("STAGE", "only runs of this stage"),
    limit: count("number of runs to list (default: 20, and all with --json)"),
    json,
  },
  example: "scenes_iais --stage recall",
  async run({ results, stage, json, ...request }, world) {
    const { root } = openStore(results);
    const { runsCommand } = await import("../../results/queries/run_list.ts");
    const experiment = experimentName(request.experiment, world);
    const limit = request.limit ?? (json ? undefined : 20);
    const filter = {
      json,
      ...(experiment !== undefined && { experiment }),
      ...(stage !== undefined && { stage }),
      ...(limit !== undefined && { limit }),
    };
    const { warn, width } = world;
    world.print(await runsCommand(root, filter, { width: width(), warn }));
  },
});
