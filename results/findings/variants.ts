/** The variants of an asking: the choices of its sweeps, seeds put aside. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";

export interface Variants {
  /** `WITH variant AS (…)`: run, its variant in words, its seed; empty words where it has none. */
  readonly sql: string;
  /** In words; undefined where the experiment names none. */
  readonly baseline?: string;
  /**
   * The stages that ranked: the one with most variants first, of equal ones as in the experiment. A
   * model may be evaluated by several, whose ranks are nothing to mix.
   */
  readonly ranking: readonly RankingStage[];
}

export interface RankingStage {
  readonly stage: string;
  readonly variants: number;
}

/** One varied parameter is told by its values alone, several as `name=value`. */
export async function variantsOf(connection: DuckDBConnection, asking: string): Promise<Variants> {
  const experiment = literal(asking);
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

export interface AskedVariant {
  readonly stage: string;
  readonly variant: string;
  /** How many were asked: its seeds. */
  readonly runs: number;
}

/** By stage, in order; also those that have no number yet. */
export async function askedVariants(
  connection: DuckDBConnection,
  asking: string,
  { sql }: Variants,
): Promise<Map<string, AskedVariant[]>> {
  const rows = await rowsOf<AskedVariant>(
    connection,
    `${sql}
SELECT r.stage, coalesce(v.variant, '') AS variant, count(*)::INTEGER AS runs
FROM experiment_run AS r LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(asking)}
GROUP BY r.stage, v.variant ORDER BY min(r.position)`,
  );
  return Map.groupBy(rows, ({ stage }) => stage);
}

/** The most runs that one of them was asked with. */
export function mostSeeds(asked: readonly AskedVariant[]): number {
  return Math.max(1, ...asked.map(({ runs }) => runs));
}
