/** The Markdown report's section on recall and the distance of relations. */
import { tableBlock } from "./markdown_table.ts";
import { escapeMarkdown } from "./markdown_text.ts";
import { correlationText } from "./number_text.ts";
import type { Relations } from "./relation_points.ts";
import type { Block } from "./shortened.ts";

/** Whether recall goes with the distance of relations. */
export function relationBlocks({ stage, correlations }: Relations): Block[] {
  if (correlations.length === 0) return [];
  const names = { isda: "ISDa", isd_text: "ISD over words", isd_image: "ISD over regions" };
  return [{
    title: "recall and relation distance",
    importance: 4,
    ...tableBlock(
      `## Recall and relation distance\n\nSpearman's rho of mean R@1${
        stage === undefined ? "" : ` (\`${stage}\`)`
      } and mean distance, over models: ` +
        "near −1, a lower distance goes with a better recall.",
      [
        { title: "distance" },
        { title: "alignment" },
        ...["layer", "rho", "models"].map((title) => ({ title, numeric: true })),
      ],
      correlations.map(({ measure, alignment, layer, rho, runs }) => [
        names[measure],
        escapeMarkdown(alignment),
        String(layer),
        correlationText(rho),
        String(runs),
      ]),
    ),
  }];
}
