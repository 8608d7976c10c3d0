/** The Markdown report's sections on another asking: what changed since, and by how much. */
import { metricText, signedText } from "../metrics.ts";
import type { Against } from "./against.ts";
import { tableBlock } from "./markdown_table.ts";
import { escapeMarkdown } from "./markdown_text.ts";
import { timeText } from "./number_text.ts";
import type { Block } from "./shortened.ts";

export function againstBlocks({ comparison, metrics, same }: Against): Block[] {
  const { a, b, differences, onlyA, onlyB } = comparison;
  const only = (what: string, labels: readonly string[]) =>
    labels.length === 0 ? [] : [
      `Only in ${what}: ${labels.slice(0, 20).map(escapeMarkdown).join(", ")}` +
      (labels.length > 20 ? ` and ${labels.length - 20} more` : ""),
    ];
  const head = `Before: ${escapeMarkdown(a.experiment)}, asked ${timeText(a.asked)}. ` +
    `Now: ${escapeMarkdown(b.experiment)}, asked ${timeText(b.asked)}.`;
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
    changedResults({ metrics, same }),
  ];
}

function changedResults({ metrics, same }: Pick<Against, "metrics" | "same">): Block {
  const title = "changed results";
  if (metrics.length === 0) {
    const text = `## By how much\n\nNone of the ${same} main metrics changed.`;
    return { title, importance: 2, text };
  }
  const axes = [...new Set(metrics.flatMap(({ variant }) => Object.keys(variant)))];
  return {
    title,
    importance: 2,
    ...tableBlock(
      "## By how much\n\nMeans over the seeds that both have.",
      [
        ...["stage", "metric", "split", ...axes].map((title) => ({
          title: escapeMarkdown(title),
        })),
        ...["before", "now", "change"].map((title) => ({ title, numeric: true })),
      ],
      metrics.map((one) => [
        escapeMarkdown(one.stage),
        escapeMarkdown(one.name),
        escapeMarkdown(one.split ?? ""),
        ...axes.map((axis) => escapeMarkdown(String(one.variant[axis] ?? ""))),
        metricText(one.a) || "missing",
        metricText(one.b) || "missing",
        signedText(one.difference),
      ]),
    ),
    after: `${same} other main metrics are the same.`,
  };
}
