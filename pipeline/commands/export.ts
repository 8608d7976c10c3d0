import { defineCommand } from "./define_command.ts";
import { experimentName } from "./shared_options.ts";
import { flag, one, text } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";

export const exportCommand = defineCommand({
  name: "export",
  summary: "write tables, experiments and their metadata to a folder",
  details: "Makes the folder DIR, with all tables as Parquet, the experiment files as they were " +
    "run, the manifest of each stage run, and ro-crate-metadata.json (RO-Crate), which records " +
    "what was made from what. With its artifacts, DIR is a results folder itself.",
  arguments: { folder: one("DIR", "a folder to make") },
  options: {
    experiment: text("EXPERIMENT", "only this one, by name or file (default: all)"),
    withArtifacts: flag("include the files of all artifacts"),
    license: text("URL", "the licence that the metadata names"),
  },
  example: "/tmp/results_export",
  async run({ results, folder, withArtifacts, license, ...request }, world) {
    const { root } = openStore(results);
    const { exportCommand } = await import("../../results/export/export.ts");
    const experiment = experimentName(request.experiment, world);
    const wanted = {
      folder,
      withArtifacts,
      ...(experiment !== undefined && { experiment }),
      ...(license !== undefined && { license }),
    };
    world.print(await exportCommand(root, wanted, { warn: world.warn }));
  },
});
