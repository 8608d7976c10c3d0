/** The page's sections on training: losses, recall on held-out images, weight and loss of the alignment. */
import { chart, mostSeries, type Series } from "./charts.ts";
import { type Html, markup, trusted } from "./html.ts";
import { dataTable, figure, howToReproduce } from "./page_parts.ts";
import type { Question } from "../../database/question.ts";
import type { CommandPlace } from "../../findings/reproduce.ts";

/** A point of a curve; its values are further properties. */
export type CurvePoint = {
  readonly stage: string;
  readonly variant: string;
  readonly step: number;
};

interface CurveKind {
  readonly column: string;
  readonly title: string;
  readonly y: string;
}

export const trainingCurves: readonly CurveKind[] = [
  { column: "loss", title: "Loss", y: "loss" },
  { column: "rank_loss", title: "Ranking loss", y: "margin ranking loss" },
];
export const alignmentCurves: readonly CurveKind[] = [
  { column: "alignment_weight", title: "Weight of the alignment loss", y: "weight" },
  { column: "alignment_loss", title: "Alignment loss before weighting", y: "nats per row" },
  { column: "attention_entropy", title: "Entropy of the aligned attention", y: "1 is uniform" },
];
export const validationCurves: readonly CurveKind[] = [
  { column: "rsum", title: "Recall on held-out images", y: "sum of six recalls" },
];

/** A figure for each kind of curve and each stage that has values for it. */
export async function curveFigures<Point extends CurvePoint>(
  points: readonly Point[],
  kinds: readonly CurveKind[],
  { variants, question, results }: {
    readonly variants: readonly string[];
    readonly question: Question;
    readonly results: CommandPlace;
  },
): Promise<Html[]> {
  const figures: Html[] = [];
  for (const [stage, own] of Map.groupBy(points, (point) => point.stage)) {
    for (const { column, title, y } of kinds) {
      const value = (point: Point) => (point as Record<string, unknown>)[column] as number | null;
      const found = own.filter((point) => value(point) !== null);
      const names = variants.filter((name) => found.some(({ variant }) => variant === name))
        .slice(0, mostSeries);
      const series = names.map((name): Series => ({
        name,
        points: found.filter(({ variant }) => variant === name)
          .map((point) => ({ x: point.step, y: value(point)! })),
      }));
      const id = `curve-${column}-${figureName(stage)}`;
      const caption = `${title}: ${stage}`;
      const left = new Set(found.map(({ variant }) => variant)).size - names.length;
      const drawing = await chart(series, {
        id,
        title: caption,
        description: series.map(described).join(" "),
        x: "step",
        y,
        kind: "line",
        all: variants,
      });
      if (drawing === undefined) continue;
      figures.push(figure({
        caption: left > 0 ? `${caption} (the first ${mostSeries} variants)` : caption,
        drawing: trusted(drawing),
        table: dataTable({
          id: `${id}-numbers`,
          caption,
          columns: [
            { title: "step", numeric: true },
            ...names.map((name) => ({ title: name || "all", numeric: true })),
          ],
          rows: curveRows(series),
        }),
        reproduction: howToReproduce([question], results),
      }));
    }
  }
  return figures;
}

function described({ name, points }: Series): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return "";
  return `${name || "all"}: ${number(first.y)} at step ${first.x}, ` +
    `${number(last.y)} at step ${last.x}.`;
}

/** About twenty rows, including the last one. */
function curveRows(series: readonly Series[]) {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))]
    .sort((a, b) => a - b);
  const every = Math.max(1, Math.ceil(steps.length / 20));
  const shown = steps.filter((_, place) => (steps.length - 1 - place) % every === 0);
  const byStep = series.map(({ points }) => new Map(points.map(({ x, y }) => [x, y])));
  return shown.map((step) => [
    { shown: String(step), value: step },
    ...byStep.map((values) => {
      const value = values.get(step);
      return value === undefined ? "" : { shown: number(value), value };
    }),
  ]);
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A word as part of an id. */
export function figureName(word: string): string {
  return word.replace(/[^A-Za-z0-9_-]/g, "-");
}

export function nothingTrained(): Html {
  return markup`<p>No training steps are stored.</p>`;
}
