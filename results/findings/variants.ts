/** The variants of a request: the combinations of its swept parameters, without the seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";
import { isSeedAxisSql } from "../text/seed_axes.ts";

export interface Variants {
  /**
   * `WITH … variant AS (…)`: run, its variant as text, its seed; empty strings where it has none.
   * `reference` is the variant that it is compared with, the same one with the baseline's values, and
   * `baseline` says whether it has them all itself. A stage without these axes has no baseline, and its runs
   * are their own references. An axis without effect on a run is missing there and agrees with every value;
   * where several points share a run, it is one variant with all their values: `file=a.txt|b.txt`.
   */
  readonly sql: string;
  /** The values of the experiment's `report.baseline` as text; undefined where it names none. */
  readonly baseline?: string;
  /**
   * The stages that ranked queries: the one with most variants first, then in the experiment's order.
   * Several stages may evaluate the same model; their ranks must not be mixed. Evaluations that only
   * decide a choice are left out.
   */
  readonly ranking: readonly RankingStage[];
}

export interface RankingStage {
  readonly stage: string;
  readonly variants: number;
}

/**
 * A single varied parameter of a run is written as its value, several as `name=value`; so is the baseline.
 */
export async function variantsOf(connection: DuckDBConnection, request: string): Promise<Variants> {
  const experiment = literal(request);
  const baseline = await rowsOf<{ axis: string; value: string }>(
    connection,
    `SELECT axis, value FROM baseline WHERE experiment = ${experiment} ORDER BY rowid`,
  );
  const words = baseline.map(({ axis, value }) =>
    baseline.length === 1 ? value : `${axis}=${value}`
  );
  const sql = variantSql(experiment);
  const ranking = await rowsOf<RankingStage>(
    connection,
    `${sql} SELECT r.stage, count(DISTINCT coalesce(v.variant, ''))::INTEGER AS variants
     FROM experiment_run AS r
     JOIN metric AS m ON m.run = r.run AND regexp_matches(m.name, '^(i2t|t2i)_r[0-9]+$')
     JOIN stage_run AS s ON s.run = r.run AND s.kind <> 'oracle'
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = ${experiment} AND r.stage NOT IN (${judgingStages(experiment)})
     GROUP BY r.stage ORDER BY variants DESC, min(r.position)`,
  );
  return {
    sql,
    ranking,
    ...(words.length > 0 && { baseline: words.join(", ") }),
  };
}

/** SQL as in `Variants.sql`. @param experiment as a literal */
function variantSql(experiment: string): string {
  const named = (value: string) =>
    valuesText({ axis: "axis", value, place: "place", where: "NOT is_seed" });
  return `WITH axis_value AS (
  SELECT p.run, p.axis, min(p.rowid) AS place, any_value(b.value) AS wanted,
    string_agg(DISTINCT p.value, '|' ORDER BY p.value) AS value,
    coalesce(bool_or(p.value = b.value), false) AS as_baseline,
    ${isSeedAxisSql("p.axis")} AS is_seed
  FROM run_point AS p
  LEFT JOIN baseline AS b ON b.experiment = p.experiment AND b.axis = p.axis
  WHERE p.experiment = ${experiment}
  GROUP BY p.run, p.axis
), stage_axes AS (
  SELECT r.stage, count(DISTINCT v.axis) FILTER (v.wanted IS NOT NULL) AS wanted
  FROM experiment_run AS r JOIN axis_value AS v ON v.run = r.run
  WHERE r.experiment = ${experiment}
  GROUP BY r.stage
), named AS (
  SELECT run, ${named("value")} AS variant, ${named("coalesce(wanted, value)")} AS replaced,
    count(*) FILTER (as_baseline) > 0
      AND count(*) FILTER (wanted IS NOT NULL AND NOT as_baseline) = 0 AS baseline,
    coalesce(list(axis || '=' || value) FILTER (wanted IS NULL AND NOT is_seed), []) AS others,
    coalesce(string_agg(value, ', ' ORDER BY place) FILTER (is_seed), '') AS seed
  FROM axis_value
  GROUP BY run
), staged AS (
  SELECT r.stage, n.run, n.variant, n.others, n.baseline
    AND a.wanted = (SELECT count(*) FROM baseline WHERE experiment = ${experiment}) AS baseline
  FROM named AS n
  JOIN experiment_run AS r ON r.run = n.run AND r.experiment = ${experiment}
  JOIN stage_axes AS a ON a.stage = r.stage
), base AS (
  SELECT DISTINCT stage, variant, others FROM staged WHERE baseline
), compared AS (
  SELECT s.run, bool_or(s.baseline) AS baseline, arg_max(b.variant, len(b.others)) AS reference
  FROM staged AS s
  LEFT JOIN base AS b ON b.stage = s.stage AND list_has_all(s.others, b.others)
  GROUP BY s.run
), variant AS (
  SELECT n.run, n.variant, coalesce(c.reference, n.replaced) AS reference, c.baseline, n.seed
  FROM named AS n JOIN compared AS c ON c.run = n.run
)`;
}

/** SQL, an aggregate of swept parameters: a single one as its value, several as `name=value`. */
export function valuesText(
  { axis, value, place, where }: {
    readonly axis: string;
    readonly value: string;
    /** Their order. */
    readonly place: string;
    readonly where: string;
  },
): string {
  const those = `FILTER (${where})`;
  return `CASE count(*) ${those} WHEN 0 THEN '' WHEN 1 THEN max(${value}) ${those}
      ELSE string_agg(${axis} || '=' || ${value}, ', ' ORDER BY ${place}) ${those} END`;
}

/** SQL: the stages of an experiment by which a stage `choose` chooses. @param experiment as a literal */
export function judgingStages(experiment: string): string {
  return `SELECT j.stage FROM experiment_run AS j
    JOIN edge AS e ON e.input = j.run AND regexp_full_match(e.port, 'by(\\[.*\\])?')
    JOIN choice AS c ON c.run = e.run
    WHERE j.experiment = ${experiment}`;
}

export interface RequestedVariant {
  readonly stage: string;
  readonly variant: string;
  /** The variant that it is compared with; itself for a baseline, and where there is none. */
  readonly reference: string;
  /** Others are compared with it. */
  readonly baseline: boolean;
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
SELECT r.stage, coalesce(v.variant, '') AS variant, count(*)::INTEGER AS runs,
  coalesce(v.reference, '') AS reference, coalesce(v.baseline, false) AS baseline
FROM experiment_run AS r LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)}
GROUP BY r.stage, v.variant, v.reference, v.baseline ORDER BY min(r.position)`,
  );
  return Map.groupBy(rows, ({ stage }) => stage);
}

/** The variants that are compared with another one of their stage. */
export function comparedVariants(requested: readonly RequestedVariant[]): RequestedVariant[] {
  const names = new Set(requested.map(({ variant }) => variant));
  return requested.filter(({ variant, reference }) =>
    reference !== variant && names.has(reference)
  );
}

/** The variants whose baseline was not requested. */
export function variantsWithoutBaseline(requested: readonly RequestedVariant[]): string[] {
  const names = new Set(requested.map(({ variant }) => variant));
  return requested.filter(({ reference }) => !names.has(reference)).map(({ variant }) => variant);
}

/** The most runs requested for any variant. */
export function mostSeeds(requested: readonly RequestedVariant[]): number {
  return Math.max(1, ...requested.map(({ runs }) => runs));
}
