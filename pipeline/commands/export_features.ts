/** `export-features`: a stored features artifact in UNITER's published formats, for other code. */
import { openStore } from "../store/artifact_store.ts";
import type { ExportFeatures } from "../contract/stages.ts";
import type { KeyWorld } from "./key_world.ts";
import { Complaint } from "../contract/complaint.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { readRequest } from "../experiment/read_request.ts";
import { selectNodes } from "../experiment/selection.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

export interface ExportFeaturesCommand {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  /** Name of a stage, or of one point of it. */
  readonly stage: string;
  /** The folder to make. */
  readonly folder: string;
  readonly format: "lmdb" | "npz";
  readonly set: readonly string[];
  readonly threads: number;
}

/** @returns what `export-features` prints */
export async function exportFeaturesCommand(
  { results, file, stage, folder, format, set, threads }: ExportFeaturesCommand,
  world: KeyWorld & {
    exportFeatures: ExportFeatures;
    /** Fills a folder that is not there yet, whole or not at all. */
    intoNewFolder<Result>(
      folder: string,
      fill: (temporary: string) => Promise<Result>,
    ): Promise<Result>;
  },
): Promise<string> {
  const store = openStore(results);
  const { experiment, graph } = readRequest({ file, set }, world);
  const meant = selectNodes(graph, "export-features", [stage]);
  const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [stage] }, {
    ...world,
    store,
    progress: world.display.task("digests"),
  });
  const points = nodes.filter(({ label }) => meant.has(label));
  const [node] = points;
  if (points.length !== 1 || node === undefined) {
    throw new Complaint(
      `\`${stage}\` has ${points.length} points, and one is exported at a time`,
      `name one, such as \`${points.at(-1)?.label}\``,
      { place: { file } },
    );
  }
  if (node.definition.output !== "features") {
    const makers = nodes.filter(({ definition }) => definition.output === "features");
    throw new Complaint(
      `stage \`${node.label}\` makes no features, but ${node.definition.output}`,
      makers[0] === undefined
        ? "name a stage that makes features"
        : `name one that does: \`${makers[0].label}\``,
      { place: { file } },
    );
  }
  if (store.find(node.definition.name, node.key).state !== "complete") {
    throw new Complaint(
      `${node.label} is not stored yet`,
      `make it first: deno task run ${file} --only '${node.label}'`,
      { place: { file }, exitCode: 1 },
    );
  }
  const artifact = `${store.completeFolder(node.definition.name, node.key)}/artifact`;
  const files = outsidePaths(node, cacheFolder(world.environment));
  const dataset = datasetName(experiment.name);
  const made = await world.intoNewFolder(folder, (temporary) =>
    world.exportFeatures({
      features: { folder: artifact, files },
      folder: temporary,
      dataset,
      format,
    }));
  const splits = made.splits.filter((split) => ["train", "val", "test"].includes(split));
  return [
    `${node.label}: ${made.images} images, ${made.captions} captions in ${folder}`,
    "read again by a stage such as",
    `  features: { use: published_features, root: ${JSON.stringify(folder)},`,
    `    dataset: ${dataset}, splits: [${splits.join(", ")}], format: ${format} }`,
    "",
  ].join("\n");
}

/** As `published_features` allows; COCO's published files have names of their own. */
function datasetName(experiment: string): string {
  const name = experiment.replace(/[^\w.-]/g, "_");
  return name === "coco" ? "coco_features" : name;
}
