/** A report as Markdown, block by block: for a file, a step summary and a comment on GitHub. */
import { againstBlocks } from "./markdown_against.ts";
import { relationBlocks } from "./markdown_relations.ts";
import { resultsBlocks } from "./markdown_results.ts";
import { costBlock, environmentBlock, gapBlocks, sourcesBlock } from "./markdown_runs.ts";
import { codeBlock, escapeMarkdown } from "./markdown_text.ts";
import { secondsText, timeText } from "../../text/number_text.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { Block } from "./size_limit.ts";
import { type CommandPlace, runCommand, sourcesOf } from "../../findings/reproduce.ts";

export function markdownBlocks(data: ReportData, options: { results: CommandPlace }): Block[] {
  const { against } = data;
  return [
    titleBlock(data),
    ...resultsBlocks(data),
    ...relationBlocks(data.relations),
    ...(against === undefined ? [] : againstBlocks(against)),
    ...gapBlocks(data.gaps, runCommand(data, options.results)),
    costBlock(data.cost),
    environmentBlock(data.environment),
    sourcesBlock(sourcesOf(data, options)),
  ];
}

/** What is told of an experiment that has never been run here. */
export function emptyBlocks(experiment: string, file: string, task: string): Block[] {
  return [{
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      "Nothing was run yet: there is no result to report. To run it:",
      "",
      codeBlock(`${task} run ${file}`, "sh"),
    ].join("\n"),
  }];
}

function titleBlock({ experiment, file, set, asked, gaps, cost }: ReportData): Block {
  const { stages: { rows } } = cost;
  const sum = (of: (row: typeof rows[number]) => number) =>
    rows.reduce((total, row) => total + of(row), 0);
  const changes = set.length === 0
    ? ""
    : `, with ${set.map((one) => escapeMarkdown(`--set ${one}`)).join(" ")}`;
  return {
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      `${escapeMarkdown(file)}${changes}, asked ${timeText(asked)}.`,
      `**${gaps.complete} of ${gaps.all} runs are complete**: ` +
      `${sum((row) => row.made)} made in ${secondsText(sum((row) => row.seconds_made))}, ` +
      `${sum((row) => row.hits)} from the cache, ` +
      `which saved ${secondsText(sum((row) => row.seconds_saved))}.`,
    ].join("\n"),
  };
}
