/** `search`: asks a tuned model of the store with a text or a picture. Nothing is run or stored. */
import { openStore } from "./artifact_store.ts";
import { Complaint } from "./complaint.ts";
import type { KeyedNode } from "./fingerprint.ts";
import { keyRequest } from "./key_request.ts";
import { outsidePaths } from "./outside_files.ts";
import { readRequest, type RequestWorld } from "./read_request.ts";
import type { Progress } from "./progress.ts";
import { type SearchPage, searchPage } from "./search_page.ts";
import { selectNodes } from "./selection.ts";
import { cacheFolder } from "./wheel_fetch.ts";

export interface SearchCommand {
  /** Absolute path of the results folder. */
  readonly results: string;
  readonly file: string;
  /** Words, or the path of a picture. */
  readonly query: string;
  readonly set: readonly string[];
  /** Which evaluated point, by its values. */
  readonly only: readonly string[];
  /** Among the images or captions of this split; by default the one that was evaluated. */
  readonly split?: string;
  readonly count: number;
  readonly threads: number;
  /** Absolute path of the page to write. */
  readonly page: string;
  readonly json: boolean;
}

/** What the stages do for it: `stages/search.ts`. */
export type SearchStages = (request: {
  readonly features: {
    readonly folder: string;
    readonly stage: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly inputs: Readonly<Record<string, string>>;
    readonly files: Readonly<Record<string, string>>;
  };
  readonly model: string;
  readonly query: { readonly text: string } | { readonly picture: string };
  readonly split: string;
  readonly count: number;
  readonly threads: number;
  readonly progress: Progress;
}) => Promise<Pick<SearchPage, "answers" | "thumbnail">>;

/** @returns what `search` prints */
export async function searchCommand(
  command: SearchCommand,
  world: RequestWorld & Omit<Parameters<typeof keyRequest>[2], "store"> & { search: SearchStages },
): Promise<string> {
  const { results, file, query, set, only, threads, count, page, json } = command;
  const store = openStore(results);
  const { experiment, graph } = readRequest({ file, set }, world);
  const { nodes } = await keyRequest(graph, { experiment: file, threads, only: [] }, {
    ...world,
    store,
  });
  const isComplete = ({ definition, key }: KeyedNode) =>
    store.find(definition.name, key).state === "complete";
  const byLabel = new Map(nodes.map((node) => [node.label, node]));
  const chosen = chooseEvaluation(nodes, { only, file, byLabel, isComplete });
  const { model, features } = chosen;
  const folderOf = ({ definition, key }: KeyedNode) =>
    `${store.completeFolder(definition.name, key)}/artifact`;
  const split = command.split ?? String(chosen.evaluation.parameters["split"] ?? "test");
  const found = await world.search({
    features: {
      folder: folderOf(features),
      stage: features.definition.name,
      parameters: features.parameters,
      inputs: Object.fromEntries(
        Object.entries(features.inputs).map((
          [port, label],
        ) => [port, folderOf(byLabel.get(label)!)]),
      ),
      files: outsidePaths(features, cacheFolder(world.environment)),
    },
    model: folderOf(model),
    query: isPicture(query) ? { picture: query } : { text: query },
    split,
    count,
    threads,
    progress: world.display.task("search"),
  });
  const about = { query, experiment: experiment.name, model: model.label, split, ...found };
  writePage(page, searchPage(about));
  if (json) {
    const answers = found.answers.map(({ thumbnail: _, ...answer }) => answer);
    return `${JSON.stringify({ ...about, answers, thumbnail: undefined, page }, null, 1)}\n`;
  }
  return searchText(about, page);
}

interface Evaluation {
  readonly evaluation: KeyedNode;
  readonly model: KeyedNode;
  /** What the model was evaluated on. */
  readonly features: KeyedNode;
}

/** The point that is named, or the first one that is complete. */
function chooseEvaluation(
  nodes: readonly KeyedNode[],
  { only, file, byLabel, isComplete }: {
    only: readonly string[];
    file: string;
    byLabel: ReadonlyMap<string, KeyedNode>;
    isComplete(node: KeyedNode): boolean;
  },
): Evaluation {
  const meant = only.length === 0 ? undefined : selectNodes(nodes, "--only", only);
  const evaluations = nodes.flatMap((evaluation): Evaluation[] => {
    const { model: label, ...others } = evaluation.inputs;
    const model = byLabel.get(label ?? "");
    const [features] = Object.values(others).map((other) => byLabel.get(other)!);
    const judges = evaluation.definition.output === "recall" && model !== undefined &&
      features !== undefined && (meant === undefined || meant.has(evaluation.label));
    return judges ? [{ evaluation, model, features }] : [];
  });
  const [first] = evaluations;
  if (first === undefined) {
    throw new Complaint(
      meant === undefined
        ? "the experiment evaluates no model"
        : "what is named evaluates no model",
      "name a stage that reads a `model` and what to rank, such as an `evaluate`",
      { place: { file } },
    );
  }
  const ready = evaluations.find(({ model, features }) =>
    isComplete(model) && isComplete(features)
  );
  if (ready !== undefined) return ready;
  throw new Complaint(
    `no model of ${evaluations.length === 1 ? first.evaluation.label : "it"} is stored yet`,
    `make one first: deno task run ${file} --only '${first.evaluation.label}'`,
    { place: { file }, exitCode: 1 },
  );
}

/** A path of a file that is there; everything else is words, unless it is named as a picture is. */
function isPicture(query: string): boolean {
  try {
    return Deno.statSync(query).isFile;
  } catch {
    if (!/\.(jpe?g|png|webp|gif|tiff?|bmp|avif|heic)$/i.test(query)) return false;
    throw new Complaint("there is no such picture", "check the path", { place: { file: query } });
  }
}

function searchText({ answers, model, split }: SearchPage, page: string): string {
  const width = Math.max(...answers.map(({ image }) => image.length));
  const lines = answers.map(({ image, text, score }, place) =>
    `${String(place + 1).padStart(3)}  ${score.toFixed(3).padStart(8)}  ` +
    (text === undefined ? image : `${image.padEnd(width)}  ${text}`)
  );
  return [
    `${model}, split ${split}`,
    ...lines,
    `page: ${page}`,
    "",
  ].join("\n");
}

function writePage(path: string, page: string): void {
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")) || "/", { recursive: true });
    Deno.writeTextFileSync(path, page);
  } catch (cause) {
    throw new Complaint(
      `the page cannot be written: ${(cause as Error).message}`,
      "give another place with --page FILE",
      { place: { file: path }, cause },
    );
  }
}
