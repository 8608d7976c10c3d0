import { defineCommand } from "./define_command.ts";
import { experimentName } from "./shared_options.ts";
import { one, text } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";

export const tensorboardCommand = defineCommand({
  name: "tensorboard",
  summary: "write curves and metrics as TensorBoard event files",
  details: "Makes the folder DIR, with one folder per run.",
  arguments: { folder: one("DIR", "a folder to make") },
  options: { experiment: text("EXPERIMENT", "only this one, by name or file (default: all)") },
  example: "/tmp/curves",
  async run({ results, folder, ...request }, world) {
    const { root } = openStore(results);
    const { tensorboardCommand } = await import("../../results/tensorboard/tensorboard_command.ts");
    const experiment = experimentName(request.experiment, world);
    const wanted = { folder, ...(experiment !== undefined && { experiment }) };
    world.print(await tensorboardCommand(root, wanted, { warn: world.warn }));
  },
});
