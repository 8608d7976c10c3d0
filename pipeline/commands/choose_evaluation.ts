/** Which evaluation of an experiment a question is about: of its model, or of its ranks. */
import { openStore } from "../store/artifact_store.ts";
import { Complaint } from "../contract/complaint.ts";
import type { KeyedNode } from "../key/key.ts";
import type { DescribedFeatures } from "../contract/stages.ts";
import type { KeyWorld } from "./key_world.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { readRequest } from "../experiment/read_request.ts";
import { selectNodes } from "../experiment/selection.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

export interface EvaluationRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  readonly set: readonly string[];
  /** Which evaluated point, by its values. */
  readonly only: readonly string[];
  readonly threads: number;
}

interface Evaluation {
  readonly evaluation: KeyedNode;
  readonly model: KeyedNode;
  /** What the model was evaluated on. */
  readonly features: KeyedNode;
}

export interface ChosenEvaluation extends Evaluation {
  /** Name of the experiment. */
  readonly experiment: string;
  readonly described: DescribedFeatures;
  folderOf(node: KeyedNode): string;
}

/**
 * The point that is named, or the first one of which is stored what the question reads: the model
 * alone, or the evaluation, too.
 */
export async function chooseEvaluation(
  { results, file, set, only, threads }: EvaluationRequest,
  world: KeyWorld,
  { reads }: { readonly reads: "model" | "evaluation" },
): Promise<ChosenEvaluation> {
  const store = openStore(results);
  const { experiment, graph } = readRequest({ file, set }, world);
  const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [] }, {
    ...world,
    store,
    progress: world.display.task("digests"),
  });
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const meant = only.length === 0 ? undefined : selectNodes(nodes, "--only", only);
  const evaluations = nodes.flatMap((evaluation): Evaluation[] => {
    const { model: own, text, ...others } = evaluation.inputs;
    const model = byLabel.get(own ?? (reads === "evaluation" ? text ?? "" : ""));
    const [features] = Object.values(others).map((other) => byLabel.get(other)!);
    const judges = evaluation.definition.output === "recall" && model !== undefined &&
      features !== undefined && (meant === undefined || meant.has(evaluation.label));
    return judges ? [{ evaluation, model, features }] : [];
  }).sort((a, b) => Number(isYardstick(a)) - Number(isYardstick(b)));
  const isComplete = ({ definition, key }: KeyedNode) =>
    store.find(definition.name, key).state === "complete";
  const ready = evaluations.find(({ evaluation, model, features }) =>
    isComplete(features) && isComplete(reads === "model" ? model : evaluation)
  );
  if (ready === undefined) throw noneOf(evaluations, { file, named: meant !== undefined, reads });
  const folderOf = ({ definition, key }: KeyedNode) =>
    `${store.completeFolder(definition.name, key)}/artifact`;
  const { features } = ready;
  const described = {
    folder: folderOf(features),
    stage: features.definition.name,
    parameters: features.parameters,
    inputs: Object.fromEntries(
      Object.entries(features.inputs).map((
        [port, label],
      ) => [port, folderOf(byLabel.get(label)!)]),
    ),
    files: outsidePaths(features, cacheFolder(world.environment)),
  };
  return { ...ready, experiment: experiment.name, described, folderOf };
}

/** It reads a model for its text layers alone: a baseline, which nobody means who does not name it. */
function isYardstick({ evaluation }: Evaluation): boolean {
  return evaluation.inputs["model"] === undefined;
}

function noneOf(
  evaluations: readonly Evaluation[],
  { file, named, reads }: { file: string; named: boolean; reads: "model" | "evaluation" },
): Complaint {
  const [first] = evaluations;
  if (first === undefined) {
    return new Complaint(
      named ? "what is named evaluates no model" : "the experiment evaluates no model",
      "name a stage that reads a `model` and what to rank, such as an `evaluate`",
      { place: { file } },
    );
  }
  const { label } = first.evaluation;
  return new Complaint(
    reads === "model"
      ? `no model of ${evaluations.length === 1 ? label : "it"} is stored yet`
      : `${evaluations.length === 1 ? label : "no evaluation of it"} is ${
        evaluations.length === 1 ? "not " : ""
      }stored yet`,
    `make one first: deno task run ${file} --only '${label}'`,
    { place: { file }, exitCode: 1 },
  );
}
