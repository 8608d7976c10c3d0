import { readExperiment } from "../../pipeline/experiment/experiment.ts";
import { buildGraph, type GraphNode } from "../../pipeline/experiment/stage_graph.ts";
import { overrideExperiment } from "../../pipeline/experiment/override.ts";
import { toyStages } from "./toy_main.ts";

/** The graph of an experiment over toy stages. */
export function toyGraph(text: string, set: readonly string[] = []): GraphNode[] {
  const experiment = readExperiment(text, "toy.yaml", () => undefined);
  return buildGraph(overrideExperiment(experiment, set), toyStages.catalogue).nodes;
}

/** The whole text of the error that a call ends with. */
export function errorText(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return String(error);
  }
  throw new Error("no error was thrown");
}
