/** The Markdown report's section on recall and the distance of relations. */
import { escapeMarkdown, tableBlock } from "./markdown_text.ts";
import { cautionOf, chanceText, withinText } from "../../findings/model_correlation_text.ts";
import { correlationText } from "../../text/number_text.ts";
import { estimateText, readingOf } from "../../findings/query_correlation_text.ts";
import type { Relations } from "../../findings/relation_points.ts";
import type { Block } from "./size_limit.ts";

/** Whether recall goes with the distance of relations. */
export function relationBlocks(relations: Relations): Block[] {
  return [...overModels(relations), ...withinModels(relations)];
}

function overModels({ stage, recalled, correlations }: Relations): Block[] {
  if (correlations.length === 0) return [];
  const names = { isda: "ISDa", isd_text: "ISD over words", isd_image: "ISD over regions" };
  return [{
    title: "recall and relation distance",
    importance: 4,
    ...tableBlock(
      `## Recall and relation distance\n\nSpearman's rho of ${recalled}${
        stage === undefined ? "" : ` (\`${stage}\`)`
      } and mean distance, over models: ` +
        `near −1, a lower distance goes with a better recall. ${cautionOf(correlations)}`,
      [
        { title: "distance" },
        { title: "alignment" },
        ...["layer", "rho", "p", "within variants", "models"].map((title) => ({
          title,
          numeric: true,
        })),
      ],
      correlations.map((one) => [
        names[one.measure],
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

/** Whether captions with a lower ISDa find their image sooner. */
function withinModels({ queryCorrelations: found }: Relations): Block[] {
  if (found.length === 0) return [];
  const correlation = (rho: number | undefined) => rho === undefined ? "–" : correlationText(rho);
  return [{
    title: "ISDa and rank of single captions",
    importance: 4,
    ...tableBlock(
      `### ISDa and rank of single captions\n\n${
        readingOf(found)
      }\n\nSpearman's rho of a caption's ` +
        "ISDa and its image's rank, mean over models, with a 95 % interval over test images (drawn " +
        "with all their captions); positive: a lower distance finds the image sooner.",
      [
        { title: "variant" },
        ...["layer", "rho", "rho given objects", "objects and ISDa", "objects and rank", "models"]
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
