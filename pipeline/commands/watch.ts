import { defineCommand } from "./define_command.ts";
import { experimentName, optionalExperiment } from "./shared_options.ts";
import { openStore } from "../store/artifact_store.ts";
import { port } from "./options.ts";

export const watchCommand = defineCommand({
  name: "watch",
  summary: "show live curves of a running experiment in the browser",
  details: "Serves one page, to this machine only, until Ctrl-C. Without EXPERIMENT (name or " +
    "file) it shows the one that was requested last.",
  arguments: { experiment: optionalExperiment },
  options: { port: port(8017, "port of the page; 0 picks a free one") },
  example: "scenes_iais",
  async run({ results, experiment: given, port }, world) {
    const { root } = openStore(results);
    const { watchCommand } = await import("../../results/watch/watch_command.ts");
    const experiment = experimentName(given, world);
    const byFile = experiment !== given;
    const request = { port, byFile, ...(experiment !== undefined && { experiment }) };
    const stop = new AbortController();
    world.onInterrupt((count) => count === 1 ? stop.abort() : Deno.exit(130));
    await watchCommand(root, request, { print: world.print, signal: stop.signal });
  },
});
