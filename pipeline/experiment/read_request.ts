/** From an experiment file and changes to it to the graph of what has to exist. */
import { Complaint } from "../contract/complaint.ts";
import { type Experiment, readExperiment } from "./experiment.ts";
import { buildGraph, type GraphNode } from "./stage_graph.ts";
import { overrideExperiment } from "./override.ts";
import { type Environment, largestFile } from "./yaml_text.ts";
import type { StageDefinition } from "../contract/stage.ts";

/** What a request is checked against. */
export interface RequestWorld {
  readonly catalogue: readonly StageDefinition[];
  readonly environment: Environment;
  /** Names of published results that a report can be compared with. */
  readonly comparisons: readonly string[];
}

/** Reads and checks everything that can be wrong with a request, before anything is written. */
export function readRequest(
  request: { readonly file: string; readonly set: readonly string[] },
  { catalogue, environment, comparisons }: RequestWorld,
): { experiment: Experiment; graph: GraphNode[]; text: string } {
  const text = readText(request.file);
  const experiment = overrideExperiment(
    readExperiment(text, request.file, environment, { comparisons }),
    request.set,
  );
  return { experiment, graph: buildGraph(experiment, catalogue), text };
}

/** The experiment alone, not checked against the stages there are. */
export function readExperimentFile(
  file: string,
  { environment, comparisons }: Omit<RequestWorld, "catalogue">,
): Experiment {
  return readExperiment(readText(file), file, environment, { comparisons });
}

function readText(file: string): string {
  const place = { file };
  const fix = "name a YAML file, as in experiments/smoke.yaml";
  let bytes: Uint8Array;
  try {
    bytes = readAtMost(file, largestFile + 1);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Complaint("there is no such experiment file", "check the path", { place, cause });
    }
    const reason = (cause as { code?: string }).code === "EISDIR"
      ? "this is a folder, not an experiment file"
      : `the experiment file cannot be read: ${(cause as Error).message}`;
    throw new Complaint(reason, fix, { place, cause });
  }
  if (bytes.length > largestFile) {
    throw new Complaint(
      `the experiment file is larger than ${largestFile >> 20} MiB`,
      "keep data out of the experiment file; name files instead",
      { place },
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Complaint("this is not a text file in UTF-8", fix, { place, cause });
  }
}

/** A file may be anything: a device without end, a log of gigabytes. */
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
