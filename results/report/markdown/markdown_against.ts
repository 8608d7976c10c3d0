/** The Markdown report's sections on another asking: what changed since, and by how much. */
import type { VariantMetric } from "../../queries/compare_experiments.ts";
import { type Against, changedTexts, howCompared } from "../../findings/request_changes.ts";
import { changeText } from "../../findings/change_text.ts";
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import { metricTitle, timeText } from "../../text/number_text.ts";
import type { Block } from "./size_limit.ts";

export function againstBlocks(against: Against): Block[] {
  const { a, b, differences, onlyA, onlyB } = against.comparison;
  const only = (what: string, labels: readonly string[]) =>
    labels.length === 0 ? [] : [
      `Only in ${what}: ${labels.slice(0, 20).map(escapeMarkdown).join(", ")}` +
      (labels.length > 20 ? ` and ${labels.length - 20} more` : ""),
    ];
  const head = `Before: ${escapeMarkdown(a.experiment)}, asked ${timeText(a.asked)}. ` +
    `Now: ${escapeMarkdown(b.experiment)}, asked ${timeText(b.asked)}.` +
    (against.caution === undefined ? "" : `\n\n${escapeMarkdown(against.caution)}`);
  const changed = differences.map(({ stage, what, a, b, points }) => [
    escapeMarkdown(stage),
    escapeMarkdown(what),
    escapeMarkdown(a ?? "–"),
    escapeMarkdown(b ?? "–"),
    escapeMarkdown(points ?? ""),
  ]);
  return [
    {
      title: "what changed",
      importance: 3,
      ...(changed.length === 0
        ? { text: `## What changed\n\n${head}\n\nWhat both have does not differ.` }
        : tableBlock(
          `## What changed\n\n${head}`,
          ["stage", "what", "before", "now", "at"].map((title) => ({ title })),
          changed,
        )),
      after: [...only("the one before", onlyA), ...only("this one", onlyB)].join("\n"),
    },
    changedResults(against),
    ...aloneResults(against),
  ];
}

function changedResults({ metrics, same }: Against): Block {
  const title = "changed results";
  if (metrics.length === 0) {
    const text = `## By how much\n\nNone of the ${same} main metrics changed.`;
    return { title, importance: 2, text };
  }
  const axes = axesOf(metrics);
  return {
    title,
    importance: 2,
    ...tableBlock(
      `## By how much\n\n${howCompared}.`,
      [
        ...whose(axes),
        ...["before", "now", "change", "seeds", "95 % interval", "p (Holm)"]
          .map((title) => ({ title, numeric: true })),
      ],
      metrics.map((one) => {
        const { before, now, change, interval, p, mark } = changedTexts(one);
        return [
          ...names(one, axes),
          before,
          now,
          `${change}${mark === "" ? "" : ` ${mark}`}`,
          String(one.runs),
          interval,
          p,
        ];
      }),
    ),
    after: `${same} other main metrics are the same.`,
  };
}

/** Nothing to compare with: these are no changes. */
function aloneResults({ alone }: Against): Block[] {
  if (alone.length === 0) return [];
  const axes = axesOf(alone);
  return [{
    title: "results of one alone",
    importance: 3,
    ...tableBlock(
      "## In one of the two alone\n\nMeans over all seeds of the one that has it; recalls in percent.",
      [
        ...whose(axes),
        ...["before", "now", "seeds"].map((title) => ({ title, numeric: true })),
      ],
      alone.map((one) => {
        const { before, now } = changeText(one);
        return [
          ...names(one, axes),
          before || "missing",
          now || "missing",
          String(one.runs),
        ];
      }),
    ),
  }];
}

function axesOf(metrics: readonly VariantMetric[]): string[] {
  return [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
}

function whose(axes: readonly string[]) {
  return ["stage", "metric", "split", ...axes].map((title) => ({ title: escapeMarkdown(title) }));
}

function names({ stage, name, split, variant }: VariantMetric, axes: readonly string[]): string[] {
  const title = metricTitle(name);
  return [
    escapeMarkdown(stage),
    title === name ? escapeMarkdown(name) : title,
    escapeMarkdown(split ?? ""),
    ...axes.map((axis) => escapeMarkdown(String(variant[axis] ?? ""))),
  ];
}
