import { resolve } from "node:path";
import { commandText } from "../terminal/terminal_text.ts";
import type { CommandWorld } from "./command_world.ts";
import { defineCommand } from "./define_command.ts";
import { list, one, text } from "./options.ts";
import { openStore } from "../store/artifact_store.ts";
import { requestedExperiment } from "./requested_experiment.ts";
import { readRequest } from "../experiment/read_request.ts";

export const reportCommand = defineCommand({
  name: "report",
  summary: "write what an experiment found, as Markdown and as a web page",
  details: "Uses only stored results; missing ones are listed. EXPERIMENT is a name or a file. " +
    "The page is one file that needs no network. A file means its present parameters; NAME is " +
    "the last request that is complete, and NAME~1 the one before its last change of parameters.",
  arguments: { experiment: one("EXPERIMENT", "an experiment") },
  options: {
    against: text(
      "B",
      "show what changed since B, such as NAME~1",
    ),
    set: list("STAGE.PARAM=VALUE", "report the request that was run with this change"),
    out: text("DIR", "folder to write (default: below the results folder)"),
  },
  example: "scenes_iais --against scenes_iais~1",
  async run({ results, resultsOption, experiment: given, against, set, out }, world) {
    const { root } = openStore(results);
    const { reportCommand } = await import("../../results/report/report_command.ts");
    const { name: experiment, present } = requestedExperiment(given, set, world);
    const other = against === undefined ? undefined : requestedExperiment(against, [], world);
    const request = {
      experiment,
      ...(present !== undefined && { file: given, present }),
      pictures: (file: string, set: readonly string[]) => pictureFolders({ file, set }, world),
      set,
      ...(other !== undefined && { against: other }),
      ...(out !== undefined && { out: resolve(out) }),
      commands: { task: world.task, option: commandText(resultsOption) },
    };
    world.print(await reportCommand(root, request, { warn: world.warn }));
  },
});

/**
 * @returns label of a stage that makes features -> folder with its pictures, if they come from
 *   outside the project. Empty if the request cannot be read: a report can do without pictures.
 */
function pictureFolders(
  request: { readonly file: string; readonly set: readonly string[] },
  world: CommandWorld,
): Record<string, string> {
  try {
    const { graph } = readRequest(request, world);
    return Object.fromEntries(graph.flatMap(({ label, definition, outside }) => {
      const images = outside.find(({ role }) => role === "images");
      return definition.output === "features" && images !== undefined ? [[label, images.path]] : [];
    }));
  } catch {
    return {};
  }
}
