/** The Markdown report's sections on the runs: what is missing, cost, circumstances, commands. */
import { secondsText } from "../../text/number_text.ts";
import type { Cost } from "../../findings/cost.ts";
import type { Circumstance } from "../../findings/environment.ts";
import { countGaps, fixOf, type Gaps } from "../../findings/gaps.ts";
import { queriesText, whyExpected } from "../../findings/metric_gaps.ts";
import { codeBlock, escapeMarkdown, tableBlock } from "./markdown_text.ts";
import type { Answered } from "../../database/question.ts";
import type { Block } from "./size_limit.ts";
import type { Source } from "../../findings/reproduce.ts";

/** Always there, so that nobody has to wonder. @param goOn the command that makes what is missing */
export function gapBlocks(gaps: Gaps, goOn: string): Block[] {
  const { runs, metrics, ranks } = gaps;
  if (countGaps(gaps) === 0) {
    return [{
      title: "what is missing",
      importance: 1,
      text: "## What is missing\n\nNothing: every run is complete and has all its metrics.",
    }];
  }
  return [
    ...(runs.length === 0 ? [] : [{
      title: "missing runs",
      importance: 1,
      ...tableBlock(
        `## What is missing: ${runs.length} runs`,
        [{ title: "run" }, { title: "state" }, { title: "why" }, { title: "fix" }],
        runs.map((run) => [
          escapeMarkdown(run.label),
          run.state,
          escapeMarkdown(run.failure?.what ?? ""),
          escapeMarkdown(fixOf(run, goOn)),
        ]),
      ),
    }]),
    ...(metrics.length === 0 ? [] : [{
      title: "missing metrics",
      importance: 2,
      ...tableBlock(
        `## What is missing: ${metrics.length} metrics\n\n${whyExpected}.`,
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
        "## What is missing: ranks of queries\n\nWhat is computed from them is of fewer queries, or " +
          "is not there.",
        ["run", "split", "direction", "has"].map((title) => ({ title })),
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
      [
        { title: "stage" },
        { title: "uses" },
        ...["runs", "made", "from cache", "time", "saved", "slowest"]
          .map((title) => ({ title, numeric: true })),
      ],
      rows.map((row) => [
        escapeMarkdown(row.stage),
        escapeMarkdown(row.kind ?? ""),
        String(row.runs),
        String(row.made),
        String(row.hits),
        row.made > 0 ? secondsText(row.seconds_made) : "",
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
    text: "## Commands and SQL behind the figures\n",
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
