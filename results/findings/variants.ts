/** The variants of a request: the combinations of its swept parameters, without the seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";

export interface Variants {
  /** `WITH variant AS (…)`: run, its variant as text, its seed; empty strings where it has none. */
  readonly sql: string;
  /** As text; undefined where the experiment names none. */
  readonly baseline?: string;
  /**
   * The stages that ranked queries: the one with most variants first, then in the experiment's order.
   * Several stages may evaluate the same model; their ranks must not be mixed.
   */
  readonly ranking: readonly RankingStage[];
}

export interface RankingStage {
  readonly stage: string;
  readonly variants: number;
}

/** A single varied parameter is written as its value, several as `name=value`. */
export async function variantsOf(connection: DuckDBConnection, request: string): Promise<Variants> {
  const experiment = literal(request);
  const [{ axes } = { axes: 0 }] = await rowsOf<{ axes: number }>(
    connection,
    `SELECT count(DISTINCT axis)::INTEGER AS axes FROM run_point
     WHERE experiment = ${experiment} AND axis <> 'seed' AND axis NOT LIKE '%.seed'`,
  );
  const named = axes === 1 ? "value" : "axis || '=' || value";
  const baseline = await rowsOf<{ axis: string; value: string }>(
    connection,
    `SELECT axis, value FROM baseline WHERE experiment = ${experiment} ORDER BY rowid`,
  );
  const words = baseline.map(({ axis, value }) => axes === 1 ? value : `${axis}=${value}`);
  const sql = `WITH variant AS (
  SELECT run,
    coalesce(string_agg(${named}, ', ' ORDER BY rowid) FILTER (NOT is_seed), '') AS variant,
    coalesce(string_agg(value, ', ' ORDER BY rowid) FILTER (is_seed), '') AS seed
  FROM (SELECT *, rowid, axis = 'seed' OR axis LIKE '%.seed' AS is_seed FROM run_point)
  WHERE experiment = ${experiment}
  GROUP BY run
)`;
  const ranking = await rowsOf<RankingStage>(
    connection,
    `${sql} SELECT r.stage, count(DISTINCT coalesce(v.variant, ''))::INTEGER AS variants
     FROM experiment_run AS r
     JOIN metric AS m ON m.run = r.run AND regexp_matches(m.name, '^(i2t|t2i)_r[0-9]+$')
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = ${experiment}
     GROUP BY r.stage ORDER BY variants DESC, min(r.position)`,
  );
  return {
    sql,
    ranking,
    ...(words.length > 0 && { baseline: words.join(", ") }),
  };
}

export interface RequestedVariant {
  readonly stage: string;
  readonly variant: string;
  /** Number of requested runs: its seeds. */
  readonly runs: number;
}

/** By stage, in the experiment's order, including variants without results. */
export async function requestedVariants(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<Map<string, RequestedVariant[]>> {
  const rows = await rowsOf<RequestedVariant>(
    connection,
    `${sql}
SELECT r.stage, coalesce(v.variant, '') AS variant, count(*)::INTEGER AS runs
FROM experiment_run AS r LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)}
GROUP BY r.stage, v.variant ORDER BY min(r.position)`,
  );
  return Map.groupBy(rows, ({ stage }) => stage);
}

/** The most runs requested for any variant. */
export function mostSeeds(requested: readonly RequestedVariant[]): number {
  return Math.max(1, ...requested.map(({ runs }) => runs));
}
