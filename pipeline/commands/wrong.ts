/** `wrong`: the queries whose correct answers an evaluation ranked worst, on a page with pictures. */
import { chooseEvaluation } from "./choose_evaluation.ts";
import { countOr, optionalChoice } from "./options.ts";
import { defineCommand } from "./define_command.ts";
import { experimentFile, json, onlyEvaluation, page, set, threads } from "./shared_options.ts";
import { resolve } from "node:path";
import type { WrongPage } from "../../results/report/page/wrong_page.ts";

/** How many of the first answers the page shows for each query. */
const answers = 4;

export const wrongCommand = defineCommand({
  name: "wrong",
  summary: "list the queries that an evaluation got most wrong",
  details:
    "These are the queries whose best correct answer has the worst rank. Also writes a page " +
    "with pictures, which shows what was ranked first instead.",
  arguments: { file: experimentFile },
  options: {
    count: countOr(12, "number of queries"),
    direction: optionalChoice(
      ["i2t", "t2i"],
      "only image (i2t) or caption (t2i) queries",
    ),
    only: onlyEvaluation,
    set,
    threads,
    page,
    json,
  },
  example: "experiments/smoke.yaml",
  async run({ count, direction, json, ...request }, world) {
    const page = resolve(request.page ?? `${request.results}/wrong.html`);
    using display = world.openDisplay();
    const chosen = await chooseEvaluation(request, world, { reads: "evaluation", display });
    const { evaluation, experiment, described, folderOf } = chosen;
    const found = await world.stages.wrongQueries({
      evaluation: folderOf(evaluation),
      features: described,
      count,
      answers,
      ...(direction && { direction }),
    });
    const about = { experiment, evaluation: evaluation.label, ...found };
    const { wrongPage } = await import("../../results/report/page/wrong_page.ts");
    const { writePage } = await import("../../results/report/page/page_text.ts");
    writePage(page, wrongPage(about));
    if (!json) return world.print(wrongText(about, page));
    const bare = JSON.stringify(
      { ...about, page },
      (key, value) => key === "thumbnail" ? undefined : value,
      1,
    );
    world.print(`${bare}\n`);
  },
});

function wrongText({ evaluation, split, queries, wrong }: WrongPage, page: string): string {
  const lines = wrong.map(({ direction, query, rank, candidates }) => {
    const place = `${rank}/${candidates}`.padStart(10);
    return `${place}  ${direction}  ${query.text ?? query.image}`.slice(0, 80);
  });
  return [
    `${evaluation}, split ${split}: the most wrong of ${queries} queries`,
    ...(wrong.length === 0 ? ["none: every query has a correct answer in first place"] : lines),
    `page: ${page}`,
    "",
  ].join("\n");
}
