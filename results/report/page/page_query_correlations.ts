/** The page's part on whether, within a model, images of captions with a lower ISDa are ranked better. */
import { type Html, markup } from "./html.ts";
import { correlationText } from "../../text/number_text.ts";
import { type Cell, dataTable, howToReproduce } from "./page_parts.ts";
import { estimateText, readingOf } from "../../findings/query_correlation_text.ts";
import type { Relations } from "../../findings/relation_points.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

export function queryCorrelationsPart(
  { queries, queryCorrelations: found }: Pick<Relations, "queries" | "queryCorrelations">,
  results: CommandPlace,
): Html {
  return markup`<h3>Within a model: is the image of a caption with a lower ISDa ranked better?</h3>
${
    found.length === 0
      ? markup`<p>Cannot be computed: no model has three captions with an ISDa and a rank that both vary.</p>`
      : markup`<p>${readingOf(found)}</p>
${
        dataTable({
          id: "query-correlations",
          caption:
            "Spearman's rho of a caption's ISDa and its image's rank, mean over models [95 % confidence interval]",
          columns: [
            { title: "variant" },
            ...[
              "layer",
              "rho",
              "rho given objects",
              "rho of objects and ISDa",
              "rho of objects and rank",
              "captions",
              "images",
              "models",
            ].map((title) => ({ title, numeric: true })),
          ],
          rows: found.map((one) => [
            one.variant || "all",
            countCell(one.layer),
            { shown: estimateText(one.plain), value: one.plain.rho },
            one.partial === undefined
              ? "–"
              : { shown: estimateText(one.partial), value: one.partial.rho },
            correlationCell(one.objectsIsda),
            correlationCell(one.objectsRank),
            countCell(one.queries),
            countCell(one.images),
            countCell(one.models),
          ]),
        })
      }
<p class="note">A positive rho means that images of captions with a lower ISDa are ranked better. “Given
objects” is the partial correlation given the number of annotated objects. Intervals are bootstrapped over
test images, each with all its captions; they do not account for the variation between training runs.</p>`
  }
${howToReproduce([queries], results)}`;
}

function countCell(value: number): Cell {
  return { shown: String(value), value };
}

function correlationCell(rho: number | undefined): Cell | string {
  return rho === undefined ? "–" : { shown: correlationText(rho), value: rho };
}
