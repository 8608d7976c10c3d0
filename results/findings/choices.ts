/** What the stages `choose` of a request chose: for each variant the chosen values and their seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import { metricTitle, valueText } from "../text/number_text.ts";
import { isPercent } from "../text/metric_tables.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { width } from "./comparison_text.ts";
import type { Variants } from "./variants.ts";

/** The chosen point of one variant, with the seeds for which it was chosen. */
export interface ChosenPoint {
  readonly stage: string;
  readonly variant: string;
  readonly metric: string;
  readonly split: string;
  /** Such as `alignment_weight=2`; empty where none of the parameters has an effect. */
  readonly point: string;
  /** Mean over these seeds of the deciding metric, at the chosen point. */
  readonly value: number;
  /** As text, separated by commas; null without seeds. */
  readonly seeds: string | null;
  readonly runs: number;
  /** Number of points to choose from. */
  readonly candidates: number;
  /** All candidates had the same value with each of these seeds, so the first was taken. */
  readonly alike: boolean;
}

export async function choicesOf(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<Answered<ChosenPoint>> {
  return await ask<ChosenPoint>(connection, {
    what: "chosen points of each variant, and the seeds for which they were chosen",
    sql: `${sql}, decided AS (
  SELECT run, count(*)::INTEGER AS candidates, count(*) > 1 AND count(DISTINCT value) = 1 AS alike
  FROM choice GROUP BY run
)
SELECT r.stage, coalesce(v.variant, '') AS variant, c.metric, c.split, c.point,
  avg(c.value) AS value, string_agg(nullif(v.seed, ''), ', ' ORDER BY r.position) AS seeds,
  count(*)::INTEGER AS runs, max(d.candidates) AS candidates, bool_and(d.alike) AS alike
FROM experiment_run AS r
JOIN choice AS c ON c.run = r.run AND c.chosen
JOIN decided AS d ON d.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)}
GROUP BY r.stage, v.variant, c.metric, c.split, c.point
ORDER BY min(r.position), c.point`,
  });
}

/** What was chosen, for the terminal: the rule of each stage, and its points by variant. */
export function choiceLines(chosen: readonly ChosenPoint[]): string[] {
  return [...Map.groupBy(chosen, ({ stage }) => stage).values()].flatMap((points) => {
    const { stage, metric, split } = points[0]!;
    const most = Math.max(...points.map(({ candidates }) => candidates));
    const byVariant = [...Map.groupBy(points, ({ variant }) => variant).values()];
    return [
      ...wrapped(
        `${stage} was chosen by ${metricTitle(metric)} on ${split}, from ${most} points each:`,
        width,
      ),
      ...byVariant.flatMap((own) => wrapped(chosenText(own), width - 2).map((line) => `  ${line}`)),
    ];
  });
}

/** `singular: alignment_weight=2 (seeds 1, 3), alignment_weight=8 (seed 2)`. */
function chosenText(points: readonly ChosenPoint[]): string {
  const { variant } = points[0]!;
  const name = variant === "" ? "" : `${variant}: `;
  if (points.every(({ point }) => point === "")) return `${name}${noChoice}`;
  if (points.every(({ alike }) => alike)) return `${name}${points[0]!.point}, all points are equal`;
  const texts = points.map(({ point, seeds, runs }) =>
    points.length === 1 || !seeds ? point : `${point} (seed${runs === 1 ? "" : "s"} ${seeds})`
  );
  return `${name}${texts.join(", ")}`;
}

/** Where the parameters to choose have no effect, as for a weight without alignment. */
const noChoice = "nothing to choose, the parameters have no effect";

/** Columns of the table of chosen points. */
export const choiceTitles: readonly { readonly title: string; readonly numeric?: boolean }[] = [
  ...["stage", "variant", "chosen", "seeds", "by"].map((title) => ({ title })),
  { title: "value", numeric: true },
];

/** The cells of a row of the table of chosen points. */
export function choiceCells(chosen: ChosenPoint): string[] {
  const { stage, variant, point, alike, seeds, metric, split, value } = chosen;
  return [
    stage,
    variant || "all",
    `${point || noChoice}${alike ? " (all points are equal)" : ""}`,
    seeds ?? "",
    `${metricTitle(metric)} on ${split}`,
    valueText(value, isPercent(metric)),
  ];
}
