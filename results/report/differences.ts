/** How far each variant is from the baseline: paired by seed, with its spread, and what that can tell. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { valueText } from "./number_text.ts";
import { type Answered, ask, literal } from "./question.ts";
import type { Variants } from "./variants.ts";

export interface Differences {
  /** What the rows are, in words. */
  readonly caption: string;
  readonly intervalTitle: string;
  readonly rows: readonly VariantDifference[];
  /** What the numbers cannot tell, a sentence each. */
  readonly cautions: readonly string[];
  readonly question: Answered<PairedDifference>;
}

export interface VariantDifference extends PairedDifference {
  /** How sure the difference is, in points; empty where nothing can be said. */
  readonly interval: string;
  /** In words, such as `within its spread`. */
  readonly verdict: string;
}

interface PairedDifference {
  readonly stage: string;
  readonly split: string | null;
  readonly variant: string;
  readonly metric: string;
  /** Variant minus baseline, mean over the seeds that both have; a fraction for recalls. */
  readonly difference: number;
  /** Sample standard deviation of the differences; null for one seed. */
  readonly spread: number | null;
  readonly seeds: number;
}

export async function differencesOf(
  connection: DuckDBConnection,
  asking: string,
  { sql, baseline }: Variants,
): Promise<Differences> {
  const question = await ask<PairedDifference>(connection, {
    what: "differences from the baseline, paired by seed",
    sql: `${sql}, number AS (
  SELECT r.stage, r.position, m.split, m.name AS metric, m.value,
    coalesce(v.variant, '') AS variant, coalesce(v.seed, '') AS seed
  FROM experiment_run AS r
  JOIN metric AS m ON m.run = r.run
  LEFT JOIN variant AS v ON v.run = r.run
  WHERE r.experiment = ${literal(asking)} AND isfinite(m.value)
    AND m.name IN ('i2t_r1', 't2i_r1', 'pair_group')
)
SELECT a.stage, a.split, a.variant, a.metric, avg(a.value - b.value) AS difference,
  stddev_samp(a.value - b.value) AS spread, count(*)::INTEGER AS seeds
FROM number AS a
JOIN number AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
  AND b.metric = a.metric AND b.seed = a.seed
WHERE b.variant = ${literal(baseline ?? "")} AND a.variant <> b.variant
GROUP BY a.stage, a.split, a.variant, a.metric
ORDER BY a.split, min(a.position), a.metric`,
  });
  if (baseline === undefined) {
    return {
      ...words,
      rows: [],
      cautions: ["The experiment names no baseline: no difference is told."],
      question,
    };
  }
  const rows = question.rows.map((row) => ({
    ...row,
    interval: row.spread === null ? "" : `±${valueText(row.spread, true)}`,
    verdict: verdictOf(row),
  }));
  return { ...words, rows, cautions: cautionsOf(rows), question };
}

const words = { caption: "In points, paired by seed", intervalTitle: "spread" };

function verdictOf({ difference, spread }: PairedDifference): string {
  if (spread === null) return "one seed: may be chance";
  return Math.abs(difference) > spread ? "beyond its spread" : "within its spread";
}

function cautionsOf(rows: readonly PairedDifference[]): string[] {
  if (rows.length === 0) return ["No variant has a number that the baseline has, too."];
  const seeds = Math.max(...rows.map((row) => row.seeds));
  return [
    seeds < 2
      ? "One seed has no spread: a difference may be chance."
      : `${seeds} seeds can hint at a difference; they do not prove one.`,
    "The spread is the standard deviation of the differences over seeds: it tells of training, " +
    "not of the choice of test images.",
  ];
}
