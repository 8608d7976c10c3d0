/** Which evaluation of an experiment `search` and `wrong` use. */
import { openStore } from "../store/artifact_store.ts";
import { Complaint } from "../contract/complaint.ts";
import { concurrencyOf } from "../run/concurrency.ts";
import type { KeyedNode } from "../key/key.ts";
import type { DescribedFeatures } from "../contract/stages.ts";
import type { CommandWorld } from "./command_world.ts";
import type { Display } from "../terminal/display.ts";
import { keyRequest } from "../plan/key_graph.ts";
import { outsidePaths } from "../key/outside_files.ts";
import { readRequest } from "../experiment/read_request.ts";
import { selectNodes } from "../experiment/selection.ts";
import { commandText } from "../terminal/terminal_text.ts";
import { cacheFolder } from "../contract/pinned_package.ts";

export interface EvaluationRequest {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  readonly set: readonly string[];
  /** Names of evaluations, or points of them; any if empty. */
  readonly only: readonly string[];
  readonly threads: number | undefined;
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
  /** Threads that its model is computed with. */
  readonly threads: number;
  readonly described: DescribedFeatures;
  folderOf(node: KeyedNode): string;
}

/**
 * Among the evaluations that are named, or all, the first one for which everything needed is stored.
 *
 * @param reads what is needed in addition to features: the model, or the evaluation's own artifact
 * @throws Complaint if there is none
 */
export async function chooseEvaluation(
  { results, file, set, only, ...request }: EvaluationRequest,
  world: CommandWorld,
  { reads, display }: { readonly reads: "model" | "evaluation"; readonly display: Display },
): Promise<ChosenEvaluation> {
  const store = openStore(results);
  const { experiment, graph } = readRequest({ file, set }, world);
  const { threads } = concurrencyOf(request, experiment, world);
  const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [] }, {
    ...world,
    store,
    progress: display.task("digests"),
  });
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const requested = only.length === 0 ? undefined : selectNodes(nodes, "--only", only);
  const evaluations = nodes.flatMap((evaluation): Evaluation[] => {
    const { model: own, text, ...others } = evaluation.inputs;
    const model = byLabel.get(own ?? (reads === "evaluation" ? text ?? "" : ""));
    const [features] = Object.values(others).map((other) => byLabel.get(other)!);
    const judges = evaluation.definition.output === "recall" && model !== undefined &&
      features !== undefined && (requested === undefined || requested.has(evaluation.label));
    return judges ? [{ evaluation, model, features }] : [];
  }).sort((a, b) => Number(isTextBaseline(a)) - Number(isTextBaseline(b)));
  const isComplete = ({ definition, key }: KeyedNode) =>
    store.find(definition.name, key).state === "complete";
  const ready = evaluations.find(({ evaluation, model, features }) =>
    isComplete(features) && isComplete(reads === "model" ? model : evaluation)
  );
  if (ready === undefined) {
    throw noneOf(evaluations, { file, named: requested !== undefined, reads });
  }
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
  return { ...ready, experiment: experiment.name, threads, described, folderOf };
}

/** A baseline that reads only the text layers of a model: chosen only if it is named, or alone. */
function isTextBaseline({ evaluation }: Evaluation): boolean {
  return evaluation.inputs["model"] === undefined;
}

function noneOf(
  evaluations: readonly Evaluation[],
  { file, named, reads }: { file: string; named: boolean; reads: "model" | "evaluation" },
): Complaint {
  const [first] = evaluations;
  if (first === undefined) {
    return new Complaint(
      named
        ? "the stage that is named does not evaluate a model"
        : "the experiment evaluates no model",
      "name a stage that reads a `model` and features, such as one that uses `evaluate`",
      { place: { file } },
    );
  }
  const { label } = first.evaluation;
  return new Complaint(
    evaluations.length > 1
      ? `no ${reads} of the experiment is stored yet`
      : reads === "model"
      ? `the model of ${label} is not stored yet`
      : `${label} is not stored yet`,
    `run it first: deno task ${commandText(["run", file, "--only", label])}`,
    { place: { file }, exitCode: 1 },
  );
}
