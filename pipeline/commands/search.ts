/** `search`: ranks the images or captions of an experiment for a query, with its model. */
import { chooseEvaluation } from "./choose_evaluation.ts";
import { Complaint } from "../contract/complaint.ts";
import { countOr, one, text } from "./options.ts";
import { defineCommand } from "./define_command.ts";
import { fetchPackages } from "../run/packages.ts";
import { experimentFile, json, onlyEvaluation, page, set, threads } from "./shared_options.ts";
import { resolve } from "node:path";
import type { SearchPage } from "../../results/report/page/search_page.ts";
import { silentProgress } from "../contract/progress.ts";

export const searchCommand = defineCommand({
  name: "search",
  summary: "search images by words, or captions by picture, with a model",
  details:
    "Uses a stored model that the experiment evaluates; nothing is trained. Prints the best " +
    "answers and writes a page with thumbnails.",
  arguments: { file: experimentFile, query: one('"WORDS"|PICTURE', "words or a picture") },
  options: {
    count: countOr(10, "number of answers"),
    split: text("SPLIT", "search in this split (default: the evaluated one)"),
    only: onlyEvaluation,
    set,
    threads,
    page,
    json,
  },
  example: 'experiments/scenes_iais.yaml "a red ball"',
  async run({ query, count, json, ...request }, world) {
    const page = resolve(request.page ?? `${request.results}/search.html`);
    using display = world.openDisplay();
    const chosen = await chooseEvaluation(request, world, { reads: "model", display });
    const { experiment, evaluation, model, features, threads, described, folderOf } = chosen;
    const split = request.split ?? String(evaluation.parameters["split"] ?? "test");
    // A picture is described as the photos were, with the same packages.
    if (isPicture(query)) await fetchPackages([features], { ...world, display });
    const wanted = isPicture(query) ? { picture: query } : { text: query };
    await world.stages.prepareCompute(display.task("TensorFlow"));
    const found = await world.stages.search({
      features: described,
      model: folderOf(model),
      query: wanted,
      split,
      count,
      threads,
      progress: world.onTerminal && !json ? display.task("search") : silentProgress,
    });
    const about = { query, experiment, model: model.label, split, ...found };
    const { searchPage } = await import("../../results/report/page/search_page.ts");
    const { writePage } = await import("../../results/report/page/page_text.ts");
    writePage(page, searchPage(about));
    if (!json) return world.print(searchText(about, page));
    const answers = found.answers.map(({ thumbnail: _, ...answer }) => answer);
    const facts = { ...about, answers, thumbnail: undefined, page };
    world.print(`${JSON.stringify(facts, null, 1)}\n`);
  },
});

/** Whether the query is the path of a file; other text is words, unless it ends as names of pictures do. */
function isPicture(query: string): boolean {
  const there = kindOf(query);
  if (there === "file") return true;
  const named = /\.(jpe?g|png|webp|gif|tiff?|bmp|avif|heic)$/i.test(query);
  // A word may happen to be the name of a folder.
  if (!named && !(there === "folder" && query.includes("/"))) return false;
  throw new Complaint(
    there === undefined ? "the picture does not exist" : "this is a folder, not a picture",
    there === undefined ? "check the path" : "name a picture in it",
    { place: { file: query } },
  );
}

function kindOf(path: string): "file" | "folder" | undefined {
  try {
    return Deno.statSync(path).isFile ? "file" : "folder";
  } catch {
    return undefined;
  }
}

function searchText({ answers, model, split }: SearchPage, page: string): string {
  const width = Math.max(...answers.map(({ image }) => image.length));
  const lines = answers.map(({ image, text, score }, place) =>
    `${String(place + 1).padStart(3)}  ${score.toFixed(3).padStart(8)}  ` +
    (text === undefined ? image : `${image.padEnd(width)}  ${text}`)
  ).map((line) => line.length <= 80 ? line : `${line.slice(0, 79)}…`);
  return [
    `${model}, split ${split}`,
    ...lines,
    `page: ${page}`,
    "",
  ].join("\n");
}
