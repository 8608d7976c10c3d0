/**
 * How retrieval changes along a swept number, such as the amount of training data: means over seeds with
 * their intervals, for every axis of at least three numbers.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import { intervalOf } from "./seed_differences.ts";
import { isSeedAxisSql } from "../text/seed_axes.ts";
import { judgingStages, valuesText, type Variants } from "./variants.ts";

export interface AxisPoint {
  readonly stage: string;
  readonly split: string | null;
  /** i2t_r1, t2i_r1, pair_group, pair_group_relation …. */
  readonly metric: string;
  /** Name of the swept number. */
  readonly axis: string;
  readonly x: number;
  /** The other swept parameters as text, without the seed. */
  readonly variant: string;
  /** Others are compared with it. */
  readonly baseline: boolean;
  /** A fraction. */
  readonly mean: number;
  /** Sample standard deviation over seeds; null for one. */
  readonly spread: number | null;
  readonly seeds: number;
}

export async function axisCurvesOf(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<Answered<AxisPoint>> {
  const experiment = literal(request);
  const others = "p.axis <> n.axis AND NOT p.is_seed";
  const variant = valuesText({
    axis: "p.axis",
    value: "p.value",
    place: "p.place",
    where: others,
  });
  return await ask<AxisPoint>(connection, {
    what: "recall and pair scores along each swept number, means over seeds",
    sql: `${sql}, numbers AS (
  SELECT axis FROM run_point
  WHERE experiment = ${experiment} AND NOT ${isSeedAxisSql("axis")}
  GROUP BY axis
  HAVING count(DISTINCT value) >= 3 AND bool_and(TRY_CAST(value AS DOUBLE) IS NOT NULL)
), point AS (
  SELECT p.run, n.axis, max(TRY_CAST(p.value AS DOUBLE)) FILTER (p.axis = n.axis) AS x,
    ${variant} AS variant
  FROM axis_value AS p CROSS JOIN numbers AS n
  GROUP BY p.run, n.axis
  HAVING max(TRY_CAST(p.value AS DOUBLE)) FILTER (p.axis = n.axis) IS NOT NULL
)
SELECT r.stage, m.split, m.name AS metric, p.axis, p.x, p.variant,
  bool_and(v.baseline) AS baseline, avg(m.value) AS mean,
  stddev_samp(m.value) AS spread, count(*)::INTEGER AS seeds
FROM experiment_run AS r
JOIN stage_run AS s ON s.run = r.run AND s.kind <> 'oracle'
JOIN metric AS m ON m.run = r.run AND isfinite(m.value)
  AND regexp_full_match(m.name, '(i2t|t2i)_r1|pair_group(_.*)?')
JOIN point AS p ON p.run = r.run
JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${experiment} AND r.stage NOT IN (${judgingStages(experiment)})
GROUP BY r.stage, m.split, m.name, p.axis, p.x, p.variant
ORDER BY min(r.position), m.split, m.name, p.axis, min(r.position), p.x`,
  });
}

/** The 95 % confidence interval over seeds (Student's t); undefined for one seed. */
export function seedInterval(
  { mean, spread, seeds }: Pick<AxisPoint, "mean" | "spread" | "seeds">,
): readonly [number, number] | undefined {
  return intervalOf({ difference: mean, spread, seeds });
}
