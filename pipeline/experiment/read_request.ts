/** From an experiment file and `--set` changes to the graph of required results. */
import { Complaint } from "../contract/complaint.ts";
import { decodeText } from "../contract/text_file.ts";
import { type Experiment, readExperiment } from "./experiment.ts";
import { buildGraph, type GraphNode } from "./stage_graph.ts";
import { overrideExperiment } from "./override.ts";
import { type Environment, largestFile } from "./yaml_text.ts";
import type { StageDefinition } from "../contract/stage.ts";

/** What a request is checked against, and where its variables come from. */
export interface RequestWorld {
  readonly catalogue: readonly StageDefinition[];
  readonly environment: Environment;
  /** Names of published results that a report can be compared with. */
  readonly comparisons: readonly string[];
}

export interface RequestedExperiment {
  readonly experiment: Experiment;
  readonly graph: GraphNode[];
  /** Sentences about parameters without effect. */
  readonly notes: readonly string[];
  /** Content of the experiment file. */
  readonly text: string;
}

/** Reads a request and checks everything that can be checked before anything is written. */
export function readRequest(
  request: { readonly file: string; readonly set: readonly string[] },
  { catalogue, environment, comparisons }: RequestWorld,
): RequestedExperiment {
  const text = readText(request.file);
  const experiment = overrideExperiment(
    readExperiment(text, request.file, environment, { comparisons }),
    request.set,
  );
  const { nodes: graph, notes } = buildGraph(experiment, catalogue);
  return { experiment, graph, notes, text };
}

/** The experiment alone, not checked against stage definitions. */
export function readExperimentFile(
  file: string,
  { environment, comparisons }: Omit<RequestWorld, "catalogue">,
): Experiment {
  return readExperiment(readText(file), file, environment, { comparisons });
}

function readText(file: string): string {
  const place = { file };
  const fix = "give a YAML file, such as experiments/smoke.yaml";
  let bytes: Uint8Array;
  try {
    bytes = readAtMost(file, largestFile + 1);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Complaint("the experiment file does not exist", "check the path", { place, cause });
    }
    const reason = (cause as { code?: string }).code === "EISDIR"
      ? "this is a folder, not an experiment file"
      : `the experiment file cannot be read: ${(cause as Error).message}`;
    throw new Complaint(reason, fix, { place, cause });
  }
  if (bytes.length > largestFile) {
    throw new Complaint(
      `the experiment file is larger than ${largestFile >> 20} MiB`,
      "keep data out of the experiment file; refer to files instead",
      { place },
    );
  }
  return decodeText(bytes, { file, exitCode: 2 });
}

/** Limits the read, because a file may be an endless device or a log of gigabytes. */
function readAtMost(file: string, most: number): Uint8Array {
  using opened = Deno.openSync(file);
  const bytes = new Uint8Array(most);
  let length = 0;
  while (length < most) {
    const read = opened.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  return bytes.subarray(0, length);
}
