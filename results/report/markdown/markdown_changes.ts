/** The Markdown report's sections on what changed since another request. */
import type { VariantMetric } from "../../queries/compare_experiments.ts";
import {
  axesOf,
  changedTexts,
  changeText,
  changeTitles,
  howCompared,
  placeCells,
  placeTitles,
} from "../../findings/request_change_text.ts";
import type { RequestChanges } from "../../findings/request_changes.ts";
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import { countText, timeText } from "../../text/number_text.ts";
import type { Block } from "./size_limit.ts";

export function changeBlocks(changes: RequestChanges): Block[] {
  const { a, b, differences, onlyA, onlyB } = changes.comparison;
  const only = (what: string, labels: readonly string[]) =>
    labels.length === 0 ? [] : [
      `Only in ${what}: ${labels.slice(0, 20).map(escapeMarkdown).join(", ")}` +
      (labels.length > 20 ? ` and ${labels.length - 20} more` : ""),
    ];
  const head = `Before: ${escapeMarkdown(a.experiment)}, requested ${timeText(a.requested)}. ` +
    `Now: ${escapeMarkdown(b.experiment)}, requested ${timeText(b.requested)}.` +
    (changes.caution === undefined ? "" : `\n\n${escapeMarkdown(changes.caution)}`);
  const changed = differences.map(({ stage, what, a, b, points }) => [
    escapeMarkdown(stage),
    escapeMarkdown(what),
    escapeMarkdown(a ?? "–"),
    escapeMarkdown(b ?? "–"),
    escapeMarkdown(points ?? "all"),
  ]);
  return [
    {
      title: "what changed",
      importance: 3,
      ...(changed.length === 0
        ? { text: `## What changed\n\n${head}\n\nTheir common runs do not differ.` }
        : tableBlock(
          `## What changed\n\n${head}`,
          ["stage", "what", "before", "now", "variants"].map((title) => ({ title })),
          changed,
        )),
      after: [...only("the earlier request", onlyA), ...only("this request", onlyB)].join("\n"),
    },
    changedMetrics(changes),
    ...unmatchedMetrics(changes),
  ];
}

function changedMetrics({ metrics, unchanged }: RequestChanges): Block {
  const title = "changed metrics";
  if (metrics.length === 0) {
    const count = countText(unchanged, "main metric");
    return {
      title,
      importance: 2,
      text: `## Changed metrics\n\nNone of the ${count} changed.`,
    };
  }
  const axes = axesOf(metrics);
  return {
    title,
    importance: 2,
    ...tableBlock(
      `## Changed metrics\n\n${howCompared}.`,
      [...places(axes), ...changeTitles.map((title) => ({ title, numeric: true }))],
      metrics.map((one) => {
        const { before, now, change, interval, p, mark } = changedTexts(one);
        return [
          ...cells(one, axes),
          before,
          now,
          `${change}${mark === "" ? "" : ` ${mark}`}`,
          String(one.runs),
          interval,
          p,
        ];
      }),
    ),
    after: `${countText(unchanged, "other main metric")} did not change.`,
  };
}

function unmatchedMetrics({ unmatched }: RequestChanges): Block[] {
  if (unmatched.length === 0) return [];
  const axes = axesOf(unmatched);
  return [{
    title: "metrics of one request",
    importance: 3,
    ...tableBlock(
      "## Metrics of only one of the two requests\n\nMeans over all its seeds; recalls in percent.",
      [...places(axes), ...["before", "now", "seeds"].map((title) => ({ title, numeric: true }))],
      unmatched.map((one) => {
        const { before, now } = changeText(one);
        return [...cells(one, axes), before || "missing", now || "missing", String(one.runs)];
      }),
    ),
  }];
}

function places(axes: readonly string[]) {
  return placeTitles(axes).map((title) => ({ title: escapeMarkdown(title) }));
}

/** A recall's title is ours and contains `@`; everything else is escaped. */
function cells(metric: VariantMetric, axes: readonly string[]): string[] {
  return placeCells(metric, axes).map((cell, column) =>
    column === 1 && cell !== metric.name ? cell : escapeMarkdown(cell)
  );
}
