/** `wrong`: the queries of an evaluation that went most wrong, on a page with pictures. */
import { chooseEvaluation, type EvaluationRequest } from "./choose_evaluation.ts";
import type { KeyWorld } from "./key_world.ts";
import type { WrongStages } from "../contract/stages.ts";
import { writePage } from "../../results/report/page/page_text.ts";
import { type WrongPage, wrongPage } from "../../results/report/page/wrong_page.ts";

export interface WrongCommand extends EvaluationRequest {
  readonly count: number;
  /** Both, when not given. */
  readonly direction?: "i2t" | "t2i";
  /** Absolute path of the page to write. */
  readonly page: string;
  readonly json: boolean;
}

/** First answers of each query that the page shows. */
const answers = 4;

/** @returns what `wrong` prints */
export async function wrongCommand(
  command: WrongCommand,
  world: KeyWorld & { wrongQueries: WrongStages },
): Promise<string> {
  const { count, direction, page, json } = command;
  const chosen = await chooseEvaluation(command, world, { reads: "evaluation" });
  const { evaluation, experiment, described, folderOf } = chosen;
  const found = await world.wrongQueries({
    evaluation: folderOf(evaluation),
    features: described,
    count,
    answers,
    ...(direction && { direction }),
  });
  const about = { experiment, evaluation: evaluation.label, ...found };
  writePage(page, wrongPage(about));
  if (!json) return wrongText(about, page);
  const bare = JSON.stringify(
    { ...about, page },
    (key, value) => key === "thumbnail" ? undefined : value,
    1,
  );
  return `${bare}\n`;
}

function wrongText({ evaluation, split, asked, wrong }: WrongPage, page: string): string {
  const lines = wrong.map(({ direction, query, rank, candidates }) => {
    const place = `${rank}/${candidates}`.padStart(10);
    return `${place}  ${direction}  ${query.text ?? query.image}`.slice(0, 80);
  });
  return [
    `${evaluation}, split ${split}: the most wrong of ${asked} queries`,
    ...(wrong.length === 0 ? ["none: every right answer comes first"] : lines),
    `page: ${page}`,
    "",
  ].join("\n");
}
