/** A report as blocks of Markdown: for a file, and for a step summary and a comment on GitHub. */
import { changeBlocks } from "./markdown_changes.ts";
import { relationBlocks } from "./markdown_relations.ts";
import { resultsBlocks } from "./markdown_results.ts";
import { costBlock, environmentBlock, gapBlocks, sourcesBlock } from "./markdown_runs.ts";
import { codeBlock, escapeMarkdown } from "./markdown_text.ts";
import { timeText } from "../../text/number_text.ts";
import { costText } from "../../findings/cost.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { Block } from "./size_limit.ts";
import { type CommandPlace, runCommand, sourcesOf } from "../../findings/reproduce.ts";

export function markdownBlocks(data: ReportData, options: { results: CommandPlace }): Block[] {
  const { changes } = data;
  return [
    titleBlock(data),
    ...resultsBlocks(data),
    ...relationBlocks(data.relations),
    ...(changes === undefined ? [] : changeBlocks(changes)),
    ...gapBlocks(data.gaps, runCommand(data, options.results)),
    costBlock(data.cost),
    environmentBlock(data.environment),
    sourcesBlock(sourcesOf(data, options)),
  ];
}

/** The report of an experiment that was never run in this results folder. */
export function emptyBlocks(experiment: string, file: string, task: string): Block[] {
  return [{
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      "This experiment has not been run yet, so there are no results to report. To run it:",
      "",
      codeBlock(`${task} run ${file}`, "sh"),
    ].join("\n"),
  }];
}

function titleBlock({ experiment, file, set, requested, gaps, cost }: ReportData): Block {
  const changes = set.length === 0
    ? ""
    : `, with ${set.map((one) => escapeMarkdown(`--set ${one}`)).join(" ")}`;
  return {
    title: "experiment",
    importance: 0,
    text: [
      `# ${escapeMarkdown(experiment)}`,
      "",
      `${escapeMarkdown(file)}${changes}, requested ${timeText(requested)}.`,
      `**${gaps.complete} of ${gaps.all} runs are complete**: ${costText(cost)}.`,
    ].join("\n"),
  };
}
