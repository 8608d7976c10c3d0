/** From an experiment file and changes to it to the graph of what has to exist. */
import { Complaint } from "./complaint.ts";
import { type Experiment, readExperiment } from "./experiment.ts";
import { buildGraph, type GraphNode } from "./graph.ts";
import { overrideExperiment } from "./override.ts";
import type { Environment } from "./source_text.ts";
import type { StageDefinition } from "./stage.ts";

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
): { experiment: Experiment; graph: GraphNode[] } {
  const experiment = overrideExperiment(
    readExperimentFile(request.file, { environment, comparisons }),
    request.set,
  );
  return { experiment, graph: buildGraph(experiment, catalogue) };
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
  try {
    return Deno.readTextFileSync(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Complaint("there is no such experiment file", "check the path", { place, cause });
    }
    const reason = (cause as { code?: string }).code === "EISDIR"
      ? "this is a folder, not an experiment file"
      : `the experiment file cannot be read: ${(cause as Error).message}`;
    throw new Complaint(reason, "name a YAML file, as in experiments/smoke.yaml", { place, cause });
  }
}
