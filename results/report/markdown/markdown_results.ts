/** The Markdown report's results: metrics of each variant, published results, and differences. */
import { type LinearBaseline, linearBaselineExplained } from "../../findings/linear_baseline.ts";
import {
  differenceColumns,
  type Differences,
  markOf,
  neededColumns,
} from "../../findings/difference_rows.ts";
import { choiceCells, choiceTitles, type ChosenPoint } from "../../findings/choices.ts";
import { designCells, designsCaption, designsOf, designTitles } from "../../findings/designs.ts";
import {
  fewerSeeds,
  type HeadlineTable,
  notesOf,
  overSeeds,
  unitOf,
  variantText,
} from "../../findings/headline.ts";
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import { metricTitle, signedValue, valueText } from "../../text/number_text.ts";
import {
  type Published,
  recallsOf,
  recallTitles,
  sizeText,
  standardErrorText,
} from "../../findings/published.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { Block } from "./size_limit.ts";

export function resultsBlocks(
  { headline: { tables, further }, differences, choices, linearBaselines, published, baseline }:
    ReportData,
): Block[] {
  return [
    ...tables.map((one) => headlineBlock(one, differences)),
    ...(tables.length === 0 ? [nothingEvaluated] : [notesBlock(tables, differences)]),
    ...choicesBlocks(choices.rows),
    ...linearBaselineBlocks(linearBaselines),
    ...(published === undefined ? [] : [publishedBlock(published, tables)]),
    differencesBlock(differences, baseline),
    ...designsBlocks(differences),
    ...further.map((one) => headlineBlock(one, differences)),
  ];
}

const nothingEvaluated: Block = {
  title: "results",
  importance: 0,
  text: "## Results\n\nNo recall is stored yet: nothing was evaluated, or the evaluation failed.",
};

function notesBlock(tables: readonly HeadlineTable[], differences: Differences): Block {
  return {
    title: "notes",
    importance: 1,
    text: notesOf(tables, differences).map((note) => `- ${escapeMarkdown(note)}`).join("\n"),
  };
}

function headlineBlock(
  table: HeadlineTable,
  differences: Differences,
): Block {
  const { stage, split, title, columns, references, rows } = table;
  return {
    title: title === "" ? `results of ${stage}` : `${title} of ${stage}`,
    importance: title === "" ? 1 : 3,
    ...tableBlock(
      `## ${escapeMarkdown(stage)} on ${escapeMarkdown(split ?? "all")}${
        title === "" ? "" : `: ${escapeMarkdown(title)}`
      }\n\n${[unitOf(table), overSeeds(table)].filter((part) => part !== "").join(", ")}${
        rows.some(({ baseline }) => baseline) ? "; * marks the baseline" : ""
      }.`,
      [
        { title: "" },
        ...columns.map(({ title }) => ({ title, numeric: true })),
      ],
      [
        ...references.map(({ name, value }) => [
          escapeMarkdown(name),
          ...columns.map(({ metric, percent }) => {
            const found = value(metric);
            return found === undefined ? "–" : meanText(found, percent);
          }),
        ]),
        ...rows.map((row) => [
          escapeMarkdown(variantText(row)),
          ...row.cells.map((cell, place) => {
            if (cell === undefined) return "missing";
            const { metric, percent } = columns[place]!;
            const mark = markOf(differences, { stage, split, variant: row.variant, metric });
            const fewer = fewerSeeds(cell, table);
            return `${meanText(cell, percent)}${mark === "" ? "" : ` ${mark}`}${
              fewer === "" ? "" : ` (${fewer})`
            }`;
          }),
        ]),
      ],
    ),
  };
}

function meanText(
  { mean, spread }: { readonly mean: number; readonly spread: number | null },
  percent: boolean,
): string {
  return `${valueText(mean, percent)}${spread === null ? "" : ` ±${valueText(spread, percent)}`}`;
}

function choicesBlocks(chosen: readonly ChosenPoint[]): Block[] {
  if (chosen.length === 0) return [];
  return [{
    title: "choices",
    importance: 1,
    ...tableBlock(
      "## What was chosen\n\nFrom the same points for every variant and seed; of equal points the first.",
      choiceTitles,
      chosen.map((one) => choiceCells(one).map(escapeMarkdown)),
    ),
  }];
}

function linearBaselineBlocks(baselines: readonly LinearBaseline[]): Block[] {
  if (baselines.length === 0) return [];
  const items = baselines.flatMap(({ stage, points, split, sum, others }) => [
    `- ${escapeMarkdown(`${stage}${points} on ${split}: ${sum}`)}`,
    ...others.map(({ stage, verdict }) => `  - ${escapeMarkdown(`${stage}: ${verdict}`)}`),
  ]);
  return [{
    title: "linear baseline",
    importance: 1,
    text: `## Linear baseline\n\n${linearBaselineExplained}\n\n${items.join("\n")}`,
  }];
}

/** Published results and ours in one table. */
function publishedBlock(
  published: Published,
  ours: readonly HeadlineTable[],
): Block {
  const { test, rows, source } = published.table;
  const sizes = sizeText(published);
  const own = recallsOf(ours).map(({ variant, recalls }) => [
    `ours: ${escapeMarkdown(variant || "all")}`,
    ...recalls.map((value) => value === undefined ? "missing" : valueText(value, true)),
  ]);
  return {
    title: "published results",
    importance: 2,
    ...tableBlock(
      `## Compared with published results\n\n${escapeMarkdown(test)}; percent.`,
      [{ title: "" }, ...recallTitles.map((title) => ({ title, numeric: true }))],
      [
        ...rows.map(({ name, recalls }) => [
          escapeMarkdown(name),
          ...recalls.map((value) => value === null ? "–" : value.toFixed(1)),
        ]),
        ...own,
      ],
    ),
    after: [
      `${standardErrorText(published.table)} Source: ${escapeMarkdown(source)}.`,
      ...(sizes === undefined ? [] : [`**Not comparable**: ${sizes}.`]),
    ].join("\n"),
  };
}

function differencesBlock(
  { rows: all, caption, cautions }: Differences,
  baseline = "",
): Block {
  const rows = all.filter(({ metric }) => !/_r(5|10)$|^pair_(text|image)_/.test(metric));
  const left = [
    ...new Set(all.filter((row) => !rows.includes(row)).map(({ metric }) => metricTitle(metric))),
  ];
  const notes = [
    ...(left.length === 0 ? [] : [`The HTML page also has the differences in ${left.join(", ")}.`]),
    ...cautions.map((caution) => escapeMarkdown(caution)),
  ].map((line) => `- ${line}`).join("\n");
  const columns = neededColumns(rows);
  if (rows.length === 0) {
    return { title: "differences", importance: 2, text: `## Differences\n\n${notes}` };
  }
  return {
    title: "differences",
    importance: 2,
    ...tableBlock(
      `## Differences from ${escapeMarkdown(baseline)}\n\n${escapeMarkdown(caption)}.`,
      differenceColumns(columns),
      rows.map(({ stage, variant, split, metric, difference, ...row }) => [
        ...(columns.staged ? [escapeMarkdown(stage)] : []),
        escapeMarkdown(variant),
        escapeMarkdown(split ?? "all"),
        metricTitle(metric),
        signedValue(difference, true),
        row.seeds,
        row.interval,
        row.p,
        ...(columns.seedTest ? [row.pSeeds] : []),
        row.verdict,
      ]),
    ),
    after: notes,
  };
}

/** Seeds and images that would show a difference. */
function designsBlocks({ compared }: Differences): Block[] {
  const designs = designsOf(compared);
  if (designs.length === 0) return [];
  return [{
    title: "what would show a difference",
    importance: 3,
    ...tableBlock(
      `## What would show a difference\n\n${escapeMarkdown(designsCaption(designs))}.`,
      designTitles,
      designs.map((design) => designCells(design).map(escapeMarkdown)),
    ),
  }];
}
