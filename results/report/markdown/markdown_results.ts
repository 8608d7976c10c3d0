/** The Markdown report's numbers: each variant's, published ones beside them, and differences. */
import { type Yardstick, yardstickLines } from "../../findings/yardstick.ts";
import { type Differences, markOf } from "../../findings/difference_rows.ts";
import { fewerSeeds, type HeadlineTable, overSeeds, unitOf } from "../../findings/headline.ts";
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import { metricTitle, signedValue, valueText } from "../../text/number_text.ts";
import { type Published, recallsOf, recallTitles } from "../../findings/published.ts";
import type { ReportData } from "../../findings/report_data.ts";
import type { Block } from "./size_limit.ts";

export function resultsBlocks(
  { headline: { tables, further }, differences, yardsticks, published, baseline }: ReportData,
): Block[] {
  return [
    ...tables.map((one) => headlineBlock(one, differences)),
    ...(tables.length === 0 ? [nothingEvaluated] : []),
    ...yardstickBlocks(yardsticks),
    ...(published === undefined ? [] : [publishedBlock(published, tables)]),
    differencesBlock(differences, baseline),
    ...further.map((one) => headlineBlock(one, differences)),
  ];
}

const nothingEvaluated: Block = {
  title: "results",
  importance: 0,
  text: "## Results\n\nNo recall is stored yet: nothing was evaluated, or evaluating failed.",
};

function headlineBlock(
  table: HeadlineTable,
  differences: Differences,
): Block {
  const { stage, split, title, columns, rows } = table;
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
      rows.map(({ variant, baseline, cells }) => [
        `${escapeMarkdown(variant || "all")}${baseline ? " \\*" : ""}`,
        ...cells.map((cell, place) => {
          if (cell === undefined) return "missing";
          const { metric, percent: shown } = columns[place]!;
          const mark = markOf(differences, { stage, split, variant, metric });
          const mean = valueText(cell.mean, shown);
          const spread = cell.spread === null ? "" : ` ±${valueText(cell.spread, shown)}`;
          const fewer = fewerSeeds(cell, table);
          return `${mean}${spread}${mark === "" ? "" : ` ${mark}`}${
            fewer === "" ? "" : ` (${fewer})`
          }`;
        }),
      ]),
    ),
  };
}

function yardstickBlocks(yardsticks: readonly Yardstick[]): Block[] {
  if (yardsticks.length === 0) return [];
  const items = yardstickLines(yardsticks).map((line) =>
    line.startsWith("  ") ? `- ${escapeMarkdown(line.trim())}` : `\n${escapeMarkdown(line)}\n`
  );
  return [{ title: "yardstick", importance: 1, text: `## Yardstick\n${items.join("\n")}` }];
}

/** Theirs and ours in one table. */
function publishedBlock(
  { table: { test, images, captions, rows, source }, others, standardErrors }: Published,
  ours: readonly HeadlineTable[],
): Block {
  const [i2t, t2i] = standardErrors.map((error) => error.toFixed(1));
  const own = recallsOf(ours).map(({ variant, recalls }) => [
    `ours: ${escapeMarkdown(variant || "all")}`,
    ...recalls.map((value) => value === undefined ? "missing" : valueText(value, true)),
  ]);
  return {
    title: "published results",
    importance: 2,
    ...tableBlock(
      `## Beside published results\n\n${escapeMarkdown(test)}; percent.`,
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
      `One standard error of R@1: ${i2t} points i→t, ${t2i} t→i. Source: ${
        escapeMarkdown(source)
      }.`,
      ...(others.length === 0 ? [] : [
        `**Not comparable**: ours ranked ${
          others.map(({ images, captions }) => `${images} images and ${captions} captions`)
            .join("; ")
        }, theirs ${images} and ${captions}.`,
      ]),
    ].join("\n"),
  };
}

function differencesBlock(
  { rows: all, caption, cautions }: Differences,
  baseline = "",
): Block {
  const rows = all.filter(({ metric }) => !/_r(5|10)$/.test(metric));
  const left = [
    ...new Set(all.filter((row) => !rows.includes(row)).map(({ metric }) => metricTitle(metric))),
  ];
  const told = [
    ...(left.length === 0 ? [] : [`Differences in ${left.join(", ")} are on the page alone.`]),
    ...cautions.map((caution) => escapeMarkdown(caution)),
  ].map((line) => `- ${line}`).join("\n");
  const staged = new Set(rows.map(({ stage }) => stage)).size > 1;
  if (rows.length === 0) {
    return { title: "differences", importance: 2, text: `## Differences\n\n${told}` };
  }
  return {
    title: "differences",
    importance: 2,
    ...tableBlock(
      `## Differences from ${escapeMarkdown(baseline)}\n\n${escapeMarkdown(caption)}.`,
      [
        ...(staged ? [{ title: "stage" }] : []),
        { title: "variant" },
        { title: "split" },
        { title: "metric" },
        { title: "points", numeric: true },
        { title: "seeds", numeric: true },
        { title: "95 % interval", numeric: true },
        { title: "p (Holm)", numeric: true },
        { title: "" },
      ],
      rows.map(({ stage, variant, split, metric, difference, seeds, interval, p, verdict }) => [
        ...(staged ? [escapeMarkdown(stage)] : []),
        escapeMarkdown(variant),
        escapeMarkdown(split ?? "all"),
        metricTitle(metric),
        signedValue(difference, true),
        seeds,
        interval,
        p,
        verdict,
      ]),
    ),
    after: told,
  };
}
