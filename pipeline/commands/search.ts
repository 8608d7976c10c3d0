/** `search`: asks a tuned model of the store with a text or a picture. Nothing is run or stored. */
import { chooseEvaluation } from "./choose_evaluation.ts";
import { Complaint } from "../contract/complaint.ts";
import type { KeyWorld } from "./key_world.ts";
import type { SearchStages } from "../contract/stages.ts";
import { type SearchPage, searchPage } from "../../results/report/page/search_page.ts";
import { writePage } from "../../results/report/page/page_text.ts";

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

/** @returns what `search` prints */
export async function searchCommand(
  command: SearchCommand,
  world: KeyWorld & { search: SearchStages },
): Promise<string> {
  const { results, file, query, set, only, threads, count, page, json } = command;
  const request = { results, file, set, only, threads };
  const chosen = await chooseEvaluation(request, world, { reads: "model" });
  const { experiment, model, folderOf } = chosen;
  const split = command.split ?? String(chosen.evaluation.parameters["split"] ?? "test");
  const found = await world.search({
    features: chosen.described,
    model: folderOf(model),
    query: isPicture(query) ? { picture: query } : { text: query },
    split,
    count,
    threads,
    progress: world.display.task("search"),
  });
  const about = { query, experiment, model: model.label, split, ...found };
  writePage(page, searchPage(about));
  if (json) {
    const answers = found.answers.map(({ thumbnail: _, ...answer }) => answer);
    return `${JSON.stringify({ ...about, answers, thumbnail: undefined, page }, null, 1)}\n`;
  }
  return searchText(about, page);
}

/** A path of a file that is there; everything else is words, unless it is named as a picture is. */
function isPicture(query: string): boolean {
  const there = kindOf(query);
  if (there === "file") return true;
  const named = /\.(jpe?g|png|webp|gif|tiff?|bmp|avif|heic)$/i.test(query);
  // A word may be a folder's name, too.
  if (!named && !(there === "folder" && query.includes("/"))) return false;
  throw new Complaint(
    there === undefined ? "there is no such picture" : "this is a folder, no picture",
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
