import { defineCommand } from "./define_command.ts";

/** What the program starts in a process of its own to run stages; not for users, and not in the help. */
export const workerCommand = defineCommand({
  name: "worker",
  summary: "run stages for another process",
  arguments: {},
  options: {},
  example: "",
  async run(_request, { catalogue }) {
    const { serveStages } = await import("../workers/worker.ts");
    return await serveStages(catalogue);
  },
});
