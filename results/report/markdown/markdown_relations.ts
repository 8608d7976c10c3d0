/** The Markdown report's section on recall and relation distance. */
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import {
  cautionOf,
  chanceText,
  correlationColumns,
  measureName,
  withinText,
} from "../../findings/model_correlation_text.ts";
import { attentionExplained, attentionTable } from "../../findings/attention_layers.ts";
import { correlationText } from "../../text/number_text.ts";
import { estimateText, readingOf } from "../../findings/query_correlation_text.ts";
import { distancesExplained, type Relations } from "../../findings/relation_points.ts";
import type { Block } from "./size_limit.ts";

/** Whether a lower relation distance goes with a better recall. */
export function relationBlocks(relations: Relations): Block[] {
  return [...attention(relations), ...overModels(relations), ...withinModels(relations)];
}

/** Whether the attention of each variant says anything. */
function attention({ runs }: Relations): Block[] {
  const table = attentionTable(runs.rows);
  if (table === undefined) return [];
  return [{
    title: "what the attention says",
    importance: 2,
    ...tableBlock(
      `## What the attention says\n\n${attentionExplained}`,
      [
        { title: "variant" },
        ...["layer", ...table.columns, "models"].map((title) => ({ title, numeric: true })),
      ],
      table.rows.map(({ variant, layer, models, values }) => [
        escapeMarkdown(variant || "all"),
        String(layer),
        ...values.map((value) => value === undefined ? "–" : value.toFixed(3)),
        String(models),
      ]),
    ),
  }];
}

function overModels({ stage, recalled, correlations }: Relations): Block[] {
  if (correlations.length === 0) return [];
  return [{
    title: "recall and relation distance",
    importance: 4,
    ...tableBlock(
      `## Recall and relation distance\n\n${distancesExplained}\n\nSpearman's rho of ${recalled}${
        stage === undefined ? "" : ` (\`${stage}\`)`
      } and mean distance over models; near −1, models with a lower distance have a better recall. ` +
        cautionOf(correlations),
      correlationColumns,
      correlations.map((one) => [
        measureName(one.measure),
        escapeMarkdown(one.alignment),
        String(one.layer),
        correlationText(one.rho),
        chanceText(one.p),
        withinText(one),
        String(one.runs),
      ]),
    ),
  }];
}

/** Whether the images of captions with a lower ISDa are ranked better. */
function withinModels({ queryCorrelations: found, correlations }: Relations): Block[] {
  if (found.length === 0) return [];
  const correlation = (rho: number | undefined) => rho === undefined ? "–" : correlationText(rho);
  return [{
    title: "ISDa and rank of single captions",
    importance: 4,
    ...tableBlock(
      `### ISDa and rank of single captions\n\n${
        correlations.length === 0 ? `${distancesExplained}\n\n` : ""
      }${readingOf(found)}\n\nSpearman's rho of a caption's ISDa and its image's rank, mean over ` +
        "models, with a 95 % confidence interval over test images (resampled with all their " +
        "captions). A positive rho means that images of captions with a lower ISDa are ranked better.",
      [
        { title: "variant" },
        ...[
          "layer",
          "rho",
          "rho given objects",
          "rho of objects and ISDa",
          "rho of objects and rank",
          "models",
        ]
          .map((title) => ({ title, numeric: true })),
      ],
      found.map((one) => [
        escapeMarkdown(one.variant || "all"),
        String(one.layer),
        estimateText(one.plain),
        estimateText(one.partial),
        correlation(one.objectsIsda),
        correlation(one.objectsRank),
        String(one.models),
      ]),
    ),
  }];
}
