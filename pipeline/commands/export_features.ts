/** `export-features`: a stored features artifact in UNITER's published formats, for other code. */
import { cacheFolder } from "../contract/pinned_package.ts";
import { choice, one } from "./options.ts";
import { commandText } from "../terminal/terminal_text.ts";
import { Complaint } from "../contract/complaint.ts";
import { concurrencyOf } from "../run/concurrency.ts";
import { defineCommand } from "./define_command.ts";
import { experimentFile, set, threads } from "./shared_options.ts";
import { intoNewFolder } from "../disk/new_folder.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { openStore } from "../store/artifact_store.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { readRequest } from "../experiment/read_request.ts";
import { resolve } from "node:path";
import { selectNodes } from "../experiment/selection.ts";

export const exportFeaturesCommand = defineCommand({
  name: "export-features",
  summary: "write stored features in UNITER's published formats",
  details: "Makes the folder DIR, with img_db and txt_db as UNITER's code reads them. lmdb holds " +
    "float16, as published; npz is one file per image, in float32.",
  arguments: {
    file: experimentFile,
    stage: one("STAGE", "a stage"),
    folder: one("DIR", "a folder to make"),
  },
  options: { format: choice(["lmdb", "npz"], "format of img_db"), set, threads },
  example: "experiments/smoke.yaml features /tmp/features",
  async run({ results, file, stage, format, set, ...request }, world) {
    const folder = resolve(request.folder);
    const store = openStore(results);
    using display = world.openDisplay();
    const { experiment, graph } = readRequest({ file, set }, world);
    const requested = selectNodes(graph, "export-features", [stage]);
    const { threads } = concurrencyOf(request, experiment, world);
    const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [stage] }, {
      ...world,
      store,
      progress: display.task("digests"),
    });
    const points = nodes.filter(({ label }) => requested.has(label));
    const [node] = points;
    if (points.length !== 1 || node === undefined) {
      throw new Complaint(
        `\`${stage}\` has ${points.length} points, but only one can be exported at a time`,
        `name one, such as \`${points.at(-1)?.label}\``,
        { place: { file } },
      );
    }
    if (node.definition.output !== "features") {
      const makers = nodes.filter(({ definition }) => definition.output === "features");
      throw new Complaint(
        `stage \`${node.label}\` makes ${node.definition.output}, not features`,
        makers[0] === undefined
          ? "name a stage that makes features"
          : `name one that does: \`${makers[0].label}\``,
        { place: { file } },
      );
    }
    if (store.find(node.definition.name, node.key).state !== "complete") {
      throw new Complaint(
        `${node.label} is not stored yet`,
        `run it first: deno task ${commandText(["run", file, "--only", node.label])}`,
        { place: { file }, exitCode: 1 },
      );
    }
    const artifact = `${store.completeFolder(node.definition.name, node.key)}/artifact`;
    const files = outsidePaths(node, cacheFolder(world.environment));
    const dataset = datasetName(experiment.name);

    const made = await intoNewFolder(folder, (temporary) =>
      world.stages.exportFeatures({
        features: { folder: artifact, files },
        folder: temporary,
        dataset,
        format,
      }));
    const splits = made.splits.filter((split) => ["train", "val", "test"].includes(split));
    world.print([
      `${node.label}: ${made.images} images, ${made.captions} captions in ${folder}`,
      "to read them in an experiment:",
      `  features: { use: published_features, root: ${JSON.stringify(folder)},`,
      `    dataset: ${dataset}, splits: [${splits.join(", ")}], format: ${format} }`,
      "",
    ].join("\n"));
  },
});

/** A name that `published_features` accepts; `coco` is taken: the published files have other names. */
function datasetName(experiment: string): string {
  const name = experiment.replace(/[^\w.-]/g, "_");
  return name === "coco" ? "coco_features" : name;
}
