/** Whether evaluated models reach a linear yardstick of the same experiment, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";

/** Sums of recalls (`rsum`, at most 6) of a variant, over its seeds. */
interface VariantSum {
  readonly stage: string;
  readonly split: string | null;
  /** Axis -> value, of what was swept but seeds: its own, and what it reads. */
  readonly points: ReadonlyMap<string, string>;
  readonly yardstick: boolean;
  readonly rsum: number;
}

export interface Yardstick {
  readonly stage: string;
  /** In words, such as ` (validation=a.txt)`; empty where it was not swept. */
  readonly points: string;
  readonly split: string;
  /** Sum of the six recalls in percent. */
  readonly sum: string;
  readonly beside: readonly BesideYardstick[];
}

/** A stage that was evaluated on the yardstick's split. */
export interface BesideYardstick {
  readonly stage: string;
  /** Whether it reaches the yardstick, and its own sums. */
  readonly verdict: string;
}

/** In lines of plain text, without and with two spaces before them. */
export function yardstickLines(yardsticks: readonly Yardstick[]): string[] {
  return yardsticks.flatMap(({ stage, points, split, sum, beside }) => [
    `linear yardstick \`${stage}\`${points} on ${split}: sum of the six recalls ${sum}`,
    ...beside.map(({ stage, verdict }) => `  ${stage} ${verdict}`),
  ]);
}

/**
 * The stages that use `linear_baseline`. Where they were swept, each is held beside what has the same
 * values: data that differ have yardsticks that differ. One that stands alone is left out.
 */
export async function yardsticksOf(
  connection: DuckDBConnection,
  experiment: string,
): Promise<Yardstick[]> {
  const found = await rowsOf<Omit<VariantSum, "points"> & { axes: string; values: string }>(
    connection,
    `WITH variant AS (
       SELECT run, list(axis ORDER BY axis) AS axes, list(value ORDER BY axis) AS values
       FROM run_point
       WHERE experiment = $experiment AND axis <> 'seed' AND axis NOT LIKE '%.seed'
       GROUP BY run
     )
     SELECT r.stage, m.split, coalesce(to_json(v.axes), '[]')::VARCHAR AS axes,
       coalesce(to_json(v.values), '[]')::VARCHAR AS values,
       s.kind = 'linear_baseline' AS yardstick, avg(m.value) AS rsum
     FROM experiment_run AS r
     JOIN stage_run AS s ON s.run = r.run
     JOIN metric AS m ON m.run = r.run AND m.name = 'rsum' AND isfinite(m.value)
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = $experiment
     GROUP BY r.stage, m.split, v.axes, v.values, yardstick
     ORDER BY min(r.position)`,
    { experiment },
  );
  const rows = found.map(({ axes, values, ...row }): VariantSum => {
    const own: string[] = JSON.parse(values);
    const points = (JSON.parse(axes) as string[]).map((axis, i) => [axis, own[i]!] as const);
    return { ...row, points: new Map(points) };
  });
  return rows.filter(({ yardstick }) => yardstick).flatMap((line) => {
    const others = rows.filter((row) =>
      !row.yardstick && row.split === line.split &&
      [...line.points].every(([axis, value]) => (row.points.get(axis) ?? value) === value)
    );
    const stages = [...Map.groupBy(others, ({ stage }) => stage)];
    if (stages.length === 0) return [];
    return [{
      stage: line.stage,
      points: pointsText(line.points),
      split: line.split ?? "all",
      sum: sumText(line.rsum),
      beside: stages.map(([stage, variants]) => ({
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

function verdictText(variants: readonly VariantSum[], yardstick: number): string {
  const sums = variants.map(({ rsum }) => rsum);
  const [low, high] = [Math.min(...sums), Math.max(...sums)];
  const range = sumText(low) === sumText(high)
    ? sumText(low)
    : `${sumText(low)} … ${sumText(high)}`;
  const above = sums.filter((sum) => sum >= yardstick).length;
  const verdict = above === sums.length
    ? "reaches it"
    : above === 0
    ? "does not reach it"
    : `reaches it in ${above} of ${sums.length} variants`;
  return `${verdict}: ${range}`;
}

/** In percent, as recalls are told. */
function sumText(rsum: number): string {
  return (100 * rsum).toFixed(1);
}
