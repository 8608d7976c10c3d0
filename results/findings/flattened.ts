/** Which variants of a request were trained until the attention that they align was uniform. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../database/question.ts";
import { rowsOf } from "../database/read_results.ts";
import type { Variants } from "./variants.ts";

/** `~` for a variant that is flattened with every seed, `~1/3` with one of three; otherwise empty. */
export type FlattenedMark = (stage: string, variant: string) => string;

/** What the mark means. */
export const flattenedNote =
  "~ the aligned attention was uniform at the end of training, so its alignment says nothing " +
  "(~1/3: with 1 of 3 seeds)";

/** The metric `flattened` of the trained model that each run of the request reads, or of itself. */
export async function flattenedVariants(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<FlattenedMark> {
  const rows = await rowsOf<{ stage: string; variant: string; runs: number; flattened: number }>(
    connection,
    `${sql}, trained AS (
  SELECT l.run, m.value
  FROM lineage AS l JOIN metric AS m ON m.run = l.ancestor AND m.name = 'flattened'
  QUALIFY row_number() OVER (PARTITION BY l.run ORDER BY l.distance, l.ancestor) = 1
)
SELECT r.stage, coalesce(v.variant, '') AS variant, count(*)::INTEGER AS runs,
  count(*) FILTER (t.value > 0)::INTEGER AS flattened
FROM experiment_run AS r
JOIN trained AS t ON t.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)}
GROUP BY r.stage, v.variant`,
  );
  const marks = new Map(rows.map(({ stage, variant, runs, flattened }) => [
    JSON.stringify([stage, variant]),
    flattened === 0 ? "" : flattened === runs ? "~" : `~${flattened}/${runs}`,
  ]));
  return (stage, variant) => marks.get(JSON.stringify([stage, variant])) ?? "";
}
