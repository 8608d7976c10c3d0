/** The page's tables of relation distances: by layer, and complete. */
import { type Html, markup } from "./html.ts";
import { type Cell, dataTable } from "./page_parts.ts";
import {
  attentionExplained,
  attentionTable,
  shownAlignments,
} from "../../findings/attention_layers.ts";
import type { RelationPoint } from "../../findings/model_correlations.ts";

type Distance = "isd_text" | "isd_image" | "isda";

/** Means over the models of a variant. */
export function distanceTables(points: readonly RelationPoint[]): Html {
  return markup`${new Set(points.map(({ layer }) => layer)).size > 1 ? byLayer(points) : undefined}
${allDistances(points)}`;
}

/** Whether the attention says anything; empty where this was not measured. */
export function attentionPart(points: readonly RelationPoint[]): Html | undefined {
  const table = attentionTable(points);
  if (table === undefined) return undefined;
  return markup`<h3>What the attention says</h3>
<p>${attentionExplained}</p>
${
    dataTable({
      id: "attention-says",
      caption: "Entropy and relative ISD by layer, mean over models",
      columns: [
        { title: "variant" },
        ...["layer", ...table.columns, "models"].map((title) => ({ title, numeric: true })),
      ],
      rows: table.rows.map(({ variant, layer, models, values }) => [
        variant || "all",
        { shown: String(layer), value: layer },
        ...values.map((value) => value === undefined ? "" : { shown: value.toFixed(3), value }),
        { shown: String(models), value: models },
      ]),
    })
  }`;
}

/** A column per layer, for the alignments that the figures show. */
function byLayer(points: readonly RelationPoint[]): Html {
  const layers = [...new Set(points.map(({ layer }) => layer))].sort((a, b) => a - b);
  const alignments = shownAlignments(points);
  const distances: { title: string; of: Distance; alignment: string }[] = [
    { title: "ISDa", of: "isda", alignment: alignments[0]! },
    ...alignments.map((alignment) => ({
      title: `ISD over words, ${alignment}`,
      of: "isd_text" as const,
      alignment,
    })),
  ];
  const groups = Map.groupBy(points, ({ variant, split }) => JSON.stringify([variant, split]));
  return dataTable({
    id: "distances-by-layer",
    caption: "Mean distances by layer, nats per row",
    columns: [
      { title: "variant" },
      { title: "distance" },
      ...layers.map((layer) => ({ title: `layer ${layer}`, numeric: true })),
    ],
    rows: [...groups.values()].flatMap((group) =>
      distances.map(({ title, of, alignment }) => [
        group[0]!.variant || "all",
        title,
        ...layers.map((layer) =>
          meanCell(
            group.filter((point) => point.layer === layer && point.alignment === alignment),
            of,
          )
        ),
      ])
    ),
  });
}

function allDistances(points: readonly RelationPoint[]): Html {
  const groups = [
    ...Map.groupBy(
      points,
      ({ variant, split, layer, alignment }) => JSON.stringify([variant, split, layer, alignment]),
    ).values(),
  ];
  return dataTable({
    id: "distances",
    caption: "All mean distances, nats per row",
    columns: [
      { title: "variant" },
      { title: "alignment" },
      { title: "layer", numeric: true },
      { title: "ISD over words", numeric: true },
      { title: "ISD over regions", numeric: true },
      { title: "ISDa", numeric: true },
      { title: "models", numeric: true },
    ],
    rows: groups.map((group) => {
      const { variant, layer, alignment } = group[0]!;
      return [
        variant || "all",
        alignment,
        { shown: String(layer), value: layer },
        meanCell(group, "isd_text"),
        meanCell(group, "isd_image"),
        meanCell(group, "isda"),
        { shown: String(group.length), value: group.length },
      ];
    }),
  });
}

function meanCell(group: readonly RelationPoint[], of: Distance): Cell | string {
  const values = group.flatMap((point) => point[of] ?? []);
  if (values.length === 0) return "";
  const value = values.reduce((sum, one) => sum + one, 0) / values.length;
  return { shown: digits(value), value };
}

/** Three significant digits. */
export function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
