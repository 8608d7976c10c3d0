/** `setup`: fetches what computing needs, before any run. */
import { defineCommand } from "./define_command.ts";
import { flag } from "./options.ts";

export const setupCommand = defineCommand({
  name: "setup",
  summary: "fetch TensorFlow before a run, with --gpu the build for GPUs",
  details:
    "The build for CPUs is fetched by the first run, too. That for GPUs is fetched by this " +
    "command alone, and used where a GPU is visible. Packages that are complete stay when it is " +
    "stopped.",
  arguments: {},
  options: { gpu: flag("fetch the build for NVIDIA's GPUs and the libraries it needs") },
  example: "--gpu",
  async run({ gpu }, world) {
    using display = world.openDisplay();
    await world.stages.setup({ gpu, task: display.task });
  },
});
