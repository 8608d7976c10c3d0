/** The Markdown report's sections on the runs: missing results, cost, environment, commands. */
import { countText, secondsText } from "../../text/number_text.ts";
import { type Cost, costColumns } from "../../findings/cost.ts";
import type { Circumstance } from "../../findings/environment.ts";
import { countGaps, fixOf, type Gaps } from "../../findings/gaps.ts";
import { queriesText, whyExpected } from "../../findings/metric_gaps.ts";
import { codeBlock, escapeMarkdown, tableBlock } from "./markdown_text.ts";
import type { Answered } from "../../database/question.ts";
import type { Block } from "./size_limit.ts";
import type { Source } from "../../findings/reproduce.ts";

/**
 * Present even when nothing is missing, so that readers can rely on it.
 *
 * @param resume the command that computes the missing results
 */
export function gapBlocks(gaps: Gaps, resume: string): Block[] {
  const { runs, metrics, ranks } = gaps;
  if (countGaps(gaps) === 0) {
    return [{
      title: "missing results",
      importance: 1,
      text: "## Missing results\n\nNone: every run is complete and has all its metrics.",
    }];
  }
  return [
    ...(runs.length === 0 ? [] : [{
      title: "missing runs",
      importance: 1,
      ...tableBlock(
        `## Missing results: ${countText(runs.length, "run")}`,
        ["run", "state", "reason", "fix"].map((title) => ({ title })),
        runs.map((run) => [
          escapeMarkdown(run.label),
          run.state,
          escapeMarkdown(run.failure?.what ?? ""),
          escapeMarkdown(fixOf(run, resume)),
        ]),
      ),
    }]),
    ...(metrics.length === 0 ? [] : [{
      title: "missing metrics",
      importance: 2,
      ...tableBlock(
        `## Missing results: ${countText(metrics.length, "metric")}\n\n${whyExpected}.`,
        [{ title: "run" }, { title: "metric" }, { title: "split" }],
        metrics.map(({ label, metric, split }) => [
          escapeMarkdown(label),
          escapeMarkdown(metric),
          escapeMarkdown(split ?? ""),
        ]),
      ),
    }]),
    ...(ranks.length === 0 ? [] : [{
      title: "missing ranks",
      importance: 2,
      ...tableBlock(
        "## Missing results: ranks of queries\n\nIntervals, p-values and examples of these runs are " +
          "computed from fewer queries, or are missing.",
        ["run", "split", "direction", "ranked"].map((title) => ({ title })),
        ranks.map((one) => [
          escapeMarkdown(one.label),
          escapeMarkdown(one.split),
          one.direction,
          queriesText(one),
        ]),
      ),
    }]),
  ];
}

export function costBlock({ stages: { rows } }: Cost): Block {
  return {
    title: "cost",
    importance: 4,
    ...tableBlock(
      "## Cost",
      costColumns,
      rows.map((row) => [
        escapeMarkdown(row.stage),
        escapeMarkdown(row.kind ?? ""),
        String(row.runs),
        String(row.computed),
        String(row.hits),
        row.computed > 0 ? secondsText(row.seconds_computed) : "",
        row.hits > 0 ? secondsText(row.seconds_saved) : "",
        row.slowest === null ? "" : secondsText(row.slowest),
      ]),
    ),
  };
}

export function environmentBlock({ rows }: Answered<Circumstance>): Block {
  return {
    title: "environment",
    importance: 6,
    ...tableBlock(
      "## Environment",
      [{ title: "what" }, { title: "value" }, { title: "runs", numeric: true }],
      rows.map(({ name, value, runs }) => [
        escapeMarkdown(name),
        escapeMarkdown(value),
        String(runs),
      ]),
    ),
  };
}

export function sourcesBlock(sources: readonly Source[]): Block {
  return {
    title: "commands and SQL",
    importance: 5,
    text: "## Commands and SQL queries that reproduce the figures\n",
    rows: sources.map(({ what, command, sql }) =>
      [
        `<details><summary>${escapeMarkdown(what)}</summary>\n`,
        command === undefined ? "" : `${codeBlock(command, "sh")}\n`,
        sql === undefined ? "" : `${codeBlock(sql, "sql")}\n`,
        "</details>\n",
      ].filter((part) => part !== "").join("\n")
    ),
  };
}
