/** Differences from the baseline over seeds, for metrics that are not stored query by query. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { intervalText, seedRange, seedsText } from "./comparison_text.ts";
import { inTableOrder } from "./hits.ts";
import { seedCaution } from "./paired_differences.ts";
import { type Differences, noDifference } from "./difference_rows.ts";
import { ask, literal } from "../database/question.ts";
import { mostSeeds, requestedVariants, type Variants } from "./variants.ts";

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

export async function seedDifferences(
  connection: DuckDBConnection,
  request: string,
  variants: Variants,
): Promise<Differences> {
  const { sql } = variants;
  const question = await ask<PairedDifference>(connection, {
    what: "differences from the baseline, paired by seed",
    sql: `${sql}, number AS (
  SELECT r.stage, r.position, m.split, m.name AS metric, m.value,
    v.variant, v.reference, v.seed
  FROM experiment_run AS r
  JOIN stage_run AS s ON s.run = r.run AND s.kind <> 'oracle'
  JOIN metric AS m ON m.run = r.run
  JOIN variant AS v ON v.run = r.run
  WHERE r.experiment = ${literal(request)} AND isfinite(m.value)
    AND regexp_full_match(m.name, '(i2t|t2i)_r[0-9]+|pair_(text|image|group)')
)
SELECT a.stage, a.split, a.variant, a.metric, avg(a.value - b.value) AS difference,
  stddev_samp(a.value - b.value) AS spread, count(*)::INTEGER AS seeds
FROM number AS a
JOIN number AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
  AND b.metric = a.metric AND b.seed = a.seed
WHERE b.variant = a.reference AND a.variant <> b.variant
GROUP BY a.stage, a.split, a.variant, a.metric
ORDER BY a.split, min(a.position), ${inTableOrder("a.metric")}`,
  });
  const requested = await requestedVariants(connection, request, variants);
  const rows = question.rows.map((row) => ({
    ...row,
    seeds: seedsText({ ...row, requestedSeeds: mostSeeds(requested.get(row.stage) ?? []) }),
    interval: boundsText(intervalOf(row)),
    p: "",
    pSeeds: "",
    verdict: verdictOf(row),
    mark: "",
  }));
  return {
    caption:
      "In percentage points, paired by seed, with a 95 % confidence interval over seeds (Student's t)",
    rows,
    compared: [],
    cautions: cautionsOf(question.rows),
    question,
  };
}

/** Quantiles of Student's t at 97.5 % for 1 .. 30 degrees of freedom; the last is used beyond. */
// deno-fmt-ignore
const students = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
  2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
  2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * Confidence interval mean ± t s / √n of the paired differences of n seeds, as fractions; undefined for
 * one seed.
 */
export function intervalOf(
  { difference, spread, seeds }: Pick<PairedDifference, "difference" | "spread" | "seeds">,
): readonly [number, number] | undefined {
  if (spread === null || seeds < 2) return undefined;
  const half = students[Math.min(seeds - 2, students.length - 1)]! * spread / Math.sqrt(seeds);
  return [difference - half, difference + half];
}

function boundsText(interval: ReturnType<typeof intervalOf>): string {
  return interval === undefined ? "" : intervalText({ low: interval[0], high: interval[1] });
}

function verdictOf(row: PairedDifference): string {
  const interval = intervalOf(row);
  if (interval === undefined) return "one seed: no interval";
  const [low, high] = interval;
  if (low === 0 && high === 0) return noDifference;
  return low > 0 || high < 0 ? "interval excludes 0" : "interval includes 0";
}

function cautionsOf(rows: readonly PairedDifference[]): string[] {
  if (rows.length === 0) return ["No variant has a metric in common with the baseline."];
  return [
    seedCaution(seedRange(rows)),
    "Intervals account for the variation between training runs, not for the choice of test images. " +
    "They are not corrected for the number of variants and metrics.",
  ];
}
