/** Training and validation curves: means over seeds, at most fifty points per curve. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";
import type { Variants } from "./variants.ts";

export interface Curves {
  readonly training: Answered<TrainingPoint>;
  readonly validation: Answered<ValidationPoint>;
}

/** Means over seeds and over the steps of the point; null where nothing was recorded. */
export interface TrainingPoint {
  readonly stage: string;
  readonly variant: string;
  /** The last of the averaged steps. */
  readonly step: number;
  readonly loss: number | null;
  readonly rank_loss: number | null;
  readonly alignment_loss: number | null;
  readonly alignment_weight: number | null;
  readonly attention_entropy: number | null;
}

export interface ValidationPoint {
  readonly stage: string;
  readonly variant: string;
  readonly step: number;
  readonly i2t_r1: number | null;
  readonly t2i_r1: number | null;
  readonly rsum: number | null;
}

const points = 50;
const trained = ["loss", "rank_loss", "alignment_loss", "alignment_weight", "attention_entropy"];

export async function curvesOf(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<Curves> {
  const experiment = literal(request);
  const finite = (column: string) => `avg(t.${column}) FILTER (isfinite(t.${column})) AS ${column}`;
  return {
    training: await ask<TrainingPoint>(connection, {
      what: "losses and alignment weight during training, means over seeds",
      sql: `${sql}, longest AS (
  SELECT r.stage, greatest(1, ceil(max(t.step) / ${points})::INTEGER) AS width
  FROM experiment_run AS r JOIN training_step AS t ON t.run = r.run
  WHERE r.experiment = ${experiment} GROUP BY r.stage
)
SELECT r.stage, coalesce(v.variant, '') AS variant, max(t.step)::INTEGER AS step,
  ${trained.map(finite).join(",\n  ")}
FROM experiment_run AS r
JOIN longest AS l ON l.stage = r.stage
JOIN training_step AS t ON t.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${experiment}
GROUP BY r.stage, v.variant, (t.step - 1) // l.width
ORDER BY min(r.position), step`,
    }),
    validation: await ask<ValidationPoint>(connection, {
      what: "recall on held-out images during training, means over seeds",
      sql: `${sql}
SELECT r.stage, coalesce(v.variant, '') AS variant, t.step,
  ${["i2t_r1", "t2i_r1", "rsum"].map(finite).join(", ")}
FROM experiment_run AS r
JOIN validation AS t ON t.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${experiment}
GROUP BY r.stage, v.variant, t.step
ORDER BY min(r.position), t.step`,
    }),
  };
}
