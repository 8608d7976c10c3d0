/** Whether evaluated models reach a linear yardstick of the same experiment, and by how much. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "./read_results.ts";

/** Sums of recalls (`rsum`, at most 6) of a variant, over its seeds. */
interface VariantSum {
  readonly stage: string;
  readonly split: string | null;
  /** Axis -> value, of what was swept but seeds: its own, and what it reads. */
  readonly points: ReadonlyMap<string, string>;
  readonly yardstick: boolean;
  readonly rsum: number;
}

/**
 * A line per yardstick (a stage that uses `linear_baseline`) and one per other stage that was evaluated
 * on its split. Where yardsticks were swept, each is held beside what has the same values: data that
 * differ have yardsticks that differ. Nothing where an experiment has none.
 */
export async function yardstickLines(
  connection: DuckDBConnection,
  experiment: string,
): Promise<string[]> {
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
    return [
      `linear yardstick \`${line.stage}\`${pointsText(line.points)} on ${line.split ?? "all"}: ` +
      `sum of the six recalls ${sumText(line.rsum)}`,
      ...stages.map(([stage, variants]) => `  ${stageText(stage, variants, line.rsum)}`),
    ];
  });
}

const pointsText = (points: ReadonlyMap<string, string>) =>
  points.size === 0
    ? ""
    : ` (${[...points].map(([axis, value]) => `${axis}=${value}`).join(", ")})`;

function stageText(stage: string, variants: readonly VariantSum[], yardstick: number): string {
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
  return `${stage} ${verdict}: ${range}`;
}

/** In percent, as recalls are told. */
function sumText(rsum: number): string {
  return (100 * rsum).toFixed(1);
}
