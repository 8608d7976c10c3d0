/**
 * Whether the attention of each variant says anything, layer by layer: its entropy, and the distance of
 * captions with their own pictures relative to that with wrong ones. Means over the variant's models.
 */
import type { RelationPoint } from "./model_correlations.ts";

export interface AttentionLayer {
  readonly variant: string;
  readonly layer: number;
  readonly models: number;
  /** One value per column of `attentionColumns`; undefined where no model has it. */
  readonly values: readonly (number | undefined)[];
}

/** What the columns mean, for the reader of a report. */
export const attentionExplained =
  "Entropy is that of the rows of an attention, relative to uniform rows: 0 means that each attends to " +
  "one position, 1 that all are uniform. Near 1 the attention says nothing, and small distances do not " +
  "mean that relations agree. Relative ISD is the mean ISD of captions with their own pictures divided " +
  "by that with wrong pictures of as many regions (of the same family, where pictures have families): " +
  "at 1 the distance does not know which picture belongs to a caption, below 1 own pairs agree more.";

/** The alignments of the paper (arXiv 2105.13868), singular in both normalisations, or else the first two. */
export function shownAlignments(points: readonly RelationPoint[]): string[] {
  const there = [...new Set(points.map(({ alignment }) => alignment))];
  const shown = ["singular", "singular_sum", "distributed"].filter((name) => there.includes(name));
  return shown.length > 0 ? shown : there.slice(0, 2);
}

export interface AttentionTable {
  readonly columns: readonly string[];
  /** By variant, then layer, in the order of the points. */
  readonly rows: readonly AttentionLayer[];
}

/** Undefined where neither was measured. */
export function attentionTable(points: readonly RelationPoint[]): AttentionTable | undefined {
  type Value = (point: RelationPoint) => number | null;
  const of = (alignment: string, value: Value): Value => (point) =>
    point.alignment === alignment ? value(point) : null;
  const columns: readonly (readonly [title: string, value: Value])[] = [
    ["entropy, words", (point) => point.entropy_text],
    ["entropy, regions", (point) => point.entropy_image],
    ["entropy, words to regions", (point) => point.entropy_cross],
    ...shownAlignments(points).flatMap((name) => [
      [`relative ISD over words, ${name}`, of(name, (point) => point.relative_text)] as const,
      [`relative ISD over regions, ${name}`, of(name, (point) => point.relative_image)] as const,
    ]),
  ];
  const groups = Map.groupBy(
    points,
    ({ variant, split, layer }) => JSON.stringify([variant, split, layer]),
  );
  const rows = [...groups.values()].map((group) => ({
    variant: group[0]!.variant,
    layer: group[0]!.layer,
    models: new Set(group.map(({ seed }) => seed)).size,
    values: columns.map(([, value]) => meanOf(group.flatMap((point) => value(point) ?? []))),
  }));
  const shown = columns.flatMap((_, at) =>
    rows.some(({ values }) => values[at] !== undefined) ? [at] : []
  );
  if (shown.length === 0) return undefined;
  const inOrder = [...Map.groupBy(rows, ({ variant }) => variant).values()].flat();
  return {
    columns: shown.map((at) => columns[at]![0]),
    rows: inOrder.map((row) => ({ ...row, values: shown.map((at) => row.values[at]) })),
  };
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : values.reduce((sum, value) => sum + value, 0) / values.length;
}
