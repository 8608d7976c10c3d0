/** Whether evaluated models reach a linear baseline of the same experiment, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { width } from "./comparison_text.ts";
import { isSeedAxisSql } from "../text/seed_axes.ts";

/** Mean `rsum` (at most 6) of a variant over its seeds. */
interface VariantSum {
  readonly stage: string;
  readonly split: string | null;
  /** Axis -> value of the swept parameters of the stage and its inputs, without seeds. */
  readonly points: ReadonlyMap<string, string>;
  readonly linear: boolean;
  readonly rsum: number;
}

export interface LinearBaseline {
  readonly stage: string;
  /** Such as ` (validation=a.txt)`; empty where it was not swept. */
  readonly points: string;
  readonly split: string;
  /** Sum of the six recalls in percent. */
  readonly sum: string;
  readonly others: readonly BaselineVerdict[];
}

/** Another stage that was evaluated on the same split. */
export interface BaselineVerdict {
  readonly stage: string;
  /** Whether it reaches the baseline, and its own sums. */
  readonly verdict: string;
}

/** What the baseline is, for the reader of a report. */
export const linearBaselineExplained =
  "A linear baseline is a regularised canonical correlation analysis (CCA) of image and sentence " +
  "vectors: what retrieval reaches without a trained network. Numbers are rsum, the sum of the six " +
  "recalls in percent.";

/** For the terminal; empty where there is no baseline. */
export function linearBaselineLines(baselines: readonly LinearBaseline[]): string[] {
  if (baselines.length === 0) return [];
  return [
    ...wrapped(linearBaselineExplained, width),
    ...baselines.flatMap(({ stage, points, split, sum, others }) => [
      `linear baseline \`${stage}\`${points} on ${split}: ${sum}`,
      ...others.map(({ stage, verdict }) => `  ${stage}: ${verdict}`),
    ]),
  ];
}

/**
 * The stages of kind `linear_baseline`. A swept one is compared only with variants that have the same
 * values, since different data have different baselines. One without anything to compare is left out.
 */
export async function linearBaselinesOf(
  connection: DuckDBConnection,
  experiment: string,
): Promise<LinearBaseline[]> {
  const found = await rowsOf<Omit<VariantSum, "points"> & { axes: string; values: string }>(
    connection,
    `WITH axis_value AS (
       SELECT run, axis, string_agg(DISTINCT value, '|' ORDER BY value) AS value
       FROM run_point
       WHERE experiment = $experiment AND NOT ${isSeedAxisSql("axis")}
       GROUP BY run, axis
     ), variant AS (
       SELECT run, list(axis ORDER BY axis) AS axes, list(value ORDER BY axis) AS values
       FROM axis_value
       GROUP BY run
     )
     SELECT r.stage, m.split, coalesce(to_json(v.axes), '[]')::VARCHAR AS axes,
       coalesce(to_json(v.values), '[]')::VARCHAR AS values,
       s.kind = 'linear_baseline' AS linear, avg(m.value) AS rsum
     FROM experiment_run AS r
     JOIN stage_run AS s ON s.run = r.run AND s.kind <> 'oracle'
     JOIN metric AS m ON m.run = r.run AND m.name = 'rsum' AND isfinite(m.value)
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = $experiment
     GROUP BY r.stage, m.split, v.axes, v.values, linear
     ORDER BY min(r.position)`,
    { experiment },
  );
  const rows = found.map(({ axes, values, ...row }): VariantSum => {
    const own: string[] = JSON.parse(values);
    const points = (JSON.parse(axes) as string[]).map((axis, i) => [axis, own[i]!] as const);
    return { ...row, points: new Map(points) };
  });
  return rows.filter(({ linear }) => linear).flatMap((line) => {
    const others = rows.filter((row) =>
      !row.linear && row.split === line.split &&
      [...line.points].every(([axis, value]) => (row.points.get(axis) ?? value) === value)
    );
    const stages = [...Map.groupBy(others, ({ stage }) => stage)];
    if (stages.length === 0) return [];
    return [{
      stage: line.stage,
      points: pointsText(line.points),
      split: line.split ?? "all",
      sum: sumText(line.rsum),
      others: stages.map(([stage, variants]) => ({
        stage,
        verdict: verdictText(variants, line.rsum),
      })),
    }];
  });
}

const pointsText = (points: ReadonlyMap<string, string>) =>
  points.size === 0
    ? ""
    : ` (${[...points].map(([axis, value]) => `${axis}=${value}`).join(", ")})`;

function verdictText(variants: readonly VariantSum[], baseline: number): string {
  const sums = variants.map(({ rsum }) => rsum);
  const [low, high] = [Math.min(...sums), Math.max(...sums)];
  const range = sumText(low) === sumText(high)
    ? sumText(low)
    : `${sumText(low)} … ${sumText(high)}`;
  const above = sums.filter((sum) => sum >= baseline).length;
  const verdict = above === sums.length
    ? "reaches the baseline"
    : above === 0
    ? "below the baseline"
    : `reaches the baseline in ${above} of ${sums.length} variants`;
  return `${range}, ${verdict}`;
}

/** In percent, as recalls are written. */
function sumText(rsum: number): string {
  return (100 * rsum).toFixed(1);
}
