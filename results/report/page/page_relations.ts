/** The page's section on relations: distances by alignment and layer, and their correlation with recall. */
import { chart, mostSeries } from "./charts.ts";
import { type Html, markup, trusted } from "./html.ts";
import {
  cautionOf,
  chanceText,
  correlationColumns,
  measureName,
  withinText,
} from "../../findings/model_correlation_text.ts";
import { figureName } from "./page_curves.ts";
import { correlationText } from "../../text/number_text.ts";
import { dataTable, figure, howToReproduce } from "./page_parts.ts";
import { attentionPart, digits, distanceTables } from "./page_distances.ts";
import { queryCorrelationsPart } from "./page_query_correlations.ts";
import { shownAlignments } from "../../findings/attention_layers.ts";
import type { RelationPoint } from "../../findings/model_correlations.ts";
import { distancesExplained, type Relations } from "../../findings/relation_points.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

interface Measure {
  readonly measure: "isda" | "isd_text";
  readonly alignment: string;
  readonly layer: number;
  readonly split: string;
}

export async function relationsSection(
  relations: Relations,
  { variants, results }: { readonly variants: readonly string[]; readonly results: CommandPlace },
): Promise<Html> {
  const { stage, runs, correlations } = relations;
  if (runs.rows.length === 0) {
    return markup`<p>No relation distances are stored: no run of <code>analyse_attention</code> is
complete.</p>${howToReproduce([runs], results)}`;
  }
  const layers = new Set(runs.rows.map(({ layer }) => layer));
  const figures: Html[] = [];
  for (const measure of measuresOf(runs.rows)) {
    const drawn = await scatter(measure, { variants, relations, results });
    if (drawn !== undefined) figures.push(drawn);
  }
  return markup`<p>${distancesExplained} Each point is a trained model${
    stage === undefined ? undefined : markup`; its recall is that of stage <code>${stage}</code>`
  }. A rank
correlation near −1 means that models with a lower distance have a better recall.${
    layers.size > 1
      ? markup` The figures show the last layer, ${
        Math.max(...layers)
      }; the tables have ${layers.size}
layers.`
      : undefined
  }</p>
${attentionPart(runs.rows)}
<div class="figures">${figures}</div>
<h3>Rank correlation with recall, over models</h3>
${
    correlations.length === 0
      ? markup`<p>Cannot be computed: fewer than three models have both a recall and a distance, or one of
the two does not vary.</p>`
      : markup`<p>${cautionOf(correlations)}</p>
${correlationTable(relations)}`
  }
<h3>Distances by alignment and layer</h3>
${distanceTables(runs.rows)}
${howToReproduce([runs], results)}
${queryCorrelationsPart(relations, results)}`;
}

function correlationTable({ correlations, recalled }: Relations): Html {
  return dataTable({
    id: "correlations",
    caption: `Spearman's rho of ${recalled} and mean distance`,
    columns: correlationColumns,
    rows: correlations.map((one) => [
      measureName(one.measure),
      one.alignment,
      { shown: String(one.layer), value: one.layer },
      { shown: correlationText(one.rho), value: one.rho },
      { shown: chanceText(one.p), value: one.p },
      { shown: withinText(one), ...one.within !== undefined && { value: one.within.rho } },
      { shown: String(one.runs), value: one.runs },
    ]),
  });
}

/** In the last measured layer and, of several splits, the first with a recall. */
function measuresOf(points: readonly RelationPoint[]): Measure[] {
  const layer = Math.max(...points.map((point) => point.layer));
  const { split } = points.find(({ recall }) => recall !== null) ?? points[0]!;
  const alignments = shownAlignments(points);
  return [
    { measure: "isda", alignment: alignments[0]!, layer, split },
    ...alignments.map((alignment) => ({
      measure: "isd_text" as const,
      alignment,
      layer,
      split,
    })),
  ];
}

async function scatter(
  { measure, alignment, layer, split }: Measure,
  { variants, relations, results }: {
    readonly variants: readonly string[];
    readonly relations: Relations;
    readonly results: CommandPlace;
  },
): Promise<Html | undefined> {
  const { runs, correlations, recalled } = relations;
  const shown = runs.rows.filter((point) =>
    point.alignment === alignment && point.layer === layer && point.split === split
  );
  const complete = shown.flatMap(({ variant, seed, recall, [measure]: distance }) =>
    recall === null || distance === null ? [] : [{ variant, seed, recall, distance }]
  );
  if (complete.length === 0) return undefined;
  const names = variants.filter((name) => complete.some(({ variant }) => variant === name))
    .slice(0, mostSeries);
  const isda = measure === "isda";
  const found = correlations.find((one) =>
    one.measure === measure && one.layer === layer && (isda || one.alignment === alignment)
  );
  const title = `Recall against ${isda ? "ISDa" : `ISD, ${alignment}`}, layer ${layer}`;
  const summary = found === undefined
    ? "No rank correlation: too few models, or no variation."
    : `Rank correlation ${correlationText(found.rho)} (p ${
      chanceText(found.p)
    }) over ${found.runs} models of ${found.variants} variant${found.variants === 1 ? "" : "s"}.`;
  const logarithmic = spansDecades(complete.map(({ distance }) => distance));
  const drawing = await chart(
    names.map((name) => ({
      name,
      points: complete.filter(({ variant }) => variant === name)
        .map(({ distance, recall }) => ({ x: distance, y: 100 * recall })),
    })),
    {
      id: `scatter-${measure}-${figureName(alignment)}`,
      title,
      description: summary,
      x: `${isda ? "ISDa" : "ISD over words"}, nats per row${logarithmic ? " (log scale)" : ""}`,
      logarithmic,
      y: `${recalled}, percent`,
      kind: "point",
      all: variants,
    },
  );
  if (drawing === undefined) return undefined;
  return figure({
    caption: `${title}. ${summary}`,
    drawing: trusted(drawing),
    table: dataTable({
      id: `scatter-${measure}-${figureName(alignment)}-numbers`,
      caption: title,
      columns: [
        { title: "variant" },
        { title: "seed" },
        { title: "distance", numeric: true },
        { title: recalled, numeric: true },
      ],
      rows: complete.map(({ variant, seed, distance, recall }) => [
        variant || "all",
        seed,
        { shown: digits(distance), value: distance },
        { shown: (100 * recall).toFixed(1), value: recall },
      ]),
    }),
    reproduction: howToReproduce([runs], results),
  });
}

/** Whether values span more than a factor of ten, which a linear axis would squeeze together. */
function spansDecades(values: readonly number[]): boolean {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) > 10 * least;
}
