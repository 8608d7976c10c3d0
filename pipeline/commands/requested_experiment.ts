/** An experiment on the command line of a command that shows results: by its name, or by its file. */
import type { PresentRequest } from "../../results/queries/find_request.ts";
import type { GraphNode } from "../experiment/stage_graph.ts";
import { readRequest } from "../experiment/read_request.ts";
import { decidingParameters } from "../key/key.ts";
import type { CommandWorld } from "./command_world.ts";

export interface RequestedExperiment {
  /** As it was given, or the name in the file. */
  readonly name: string;
  /** What the file requests now, if it was given as a file. */
  readonly present?: PresentRequest;
}

/**
 * @param set as for `run`; for a file only
 * @throws Complaint or ComplaintList about errors in the file
 */
export function requestedExperiment(
  given: string,
  set: readonly string[],
  world: CommandWorld,
): RequestedExperiment {
  if (!/\.ya?ml$/.test(given)) return { name: given };
  const { experiment, graph } = readRequest({ file: given, set }, world);
  return { name: experiment.name, present: { file: given, set, nodes: presentNodes(graph) } };
}

/** @param graph inputs first */
function presentNodes(graph: readonly GraphNode[]): PresentRequest["nodes"] {
  const outside = new Set<string>();
  return graph.map((node) => {
    const { label, definition, inputs } = node;
    const depends = node.outside.length > 0 ||
      Object.values(inputs).some((input) => outside.has(input));
    if (depends) outside.add(label);
    const parameters = decidingParameters(node);
    return { label, kind: definition.name, parameters, inputs, outside: depends };
  });
}
