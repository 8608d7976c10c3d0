/** The tables that a report begins with: each variant's metrics, mean and spread over seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "./question.ts";
import type { Variants } from "./variants.ts";

export interface HeadlineTable {
  readonly stage: string;
  readonly split: string | null;
  readonly columns: readonly HeadlineColumn[];
  readonly rows: readonly HeadlineRow[];
  /** The most runs that a mean is of. */
  readonly seeds: number;
}

export interface HeadlineColumn {
  readonly metric: string;
  readonly title: string;
  /** Shown a hundredfold. */
  readonly percent: boolean;
}

export interface HeadlineRow {
  readonly variant: string;
  readonly baseline: boolean;
  /** Per column; undefined where no run has it. */
  readonly cells: readonly (HeadlineCell | undefined)[];
}

export interface HeadlineCell {
  /** As stored: recalls are fractions. */
  readonly mean: number;
  /** Sample standard deviation over seeds; null for one run. */
  readonly spread: number | null;
  readonly runs: number;
}

export interface Headline {
  readonly tables: readonly HeadlineTable[];
  readonly question: Answered<MetricMean>;
}

export interface MetricMean {
  readonly stage: string;
  readonly variant: string;
  readonly split: string | null;
  readonly metric: string;
  readonly runs: number;
  readonly mean: number;
  readonly spread: number | null;
}

const recall = (metric: string, title: string) => ({ metric, title, percent: true });

/** A table has the columns of which there is a number at all. */
const kinds: readonly (readonly HeadlineColumn[])[] = [
  [
    recall("i2t_r1", "i→t R@1"),
    recall("i2t_r5", "i→t R@5"),
    recall("i2t_r10", "i→t R@10"),
    recall("t2i_r1", "t→i R@1"),
    recall("t2i_r5", "t→i R@5"),
    recall("t2i_r10", "t→i R@10"),
  ],
  [
    recall("pair_text", "pairs: text"),
    recall("pair_image", "pairs: image"),
    recall("pair_group", "pairs: group"),
  ],
];

export async function headlineOf(
  connection: DuckDBConnection,
  asking: string,
  variants: Variants,
): Promise<Headline> {
  const question = await ask<MetricMean>(connection, {
    what: "metrics of each variant, mean and spread over its seeds",
    sql: `${variants.sql}
SELECT r.stage, coalesce(v.variant, '') AS variant, m.split, m.name AS metric,
  count(*)::INTEGER AS runs, avg(m.value) AS mean, stddev_samp(m.value) AS spread
FROM experiment_run AS r
JOIN metric AS m ON m.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(asking)} AND isfinite(m.value)
GROUP BY r.stage, v.variant, m.split, m.name
ORDER BY min(r.position), m.split, m.name`,
  });
  const asked = await variantsByStage(connection, asking, variants);
  const groups = Map.groupBy(question.rows, ({ stage, split }) => JSON.stringify([stage, split]));
  const tables = kinds.flatMap((columns) =>
    [...groups.values()].flatMap((means) =>
      tableOf(means, columns, { asked, baseline: variants.baseline })
    )
  );
  return { tables, question };
}

/** Also those that have no number yet. */
async function variantsByStage(
  connection: DuckDBConnection,
  asking: string,
  { sql }: Variants,
): Promise<Map<string, string[]>> {
  const { rows } = await ask<{ stage: string; variant: string }>(connection, {
    what: "variants of each stage",
    sql: `${sql}
SELECT r.stage, coalesce(v.variant, '') AS variant
FROM experiment_run AS r LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(asking)}
GROUP BY r.stage, v.variant ORDER BY min(r.position)`,
  });
  const byStage = new Map<string, string[]>();
  for (const { stage, variant } of rows) {
    byStage.set(stage, [...byStage.get(stage) ?? [], variant]);
  }
  return byStage;
}

function tableOf(
  means: readonly MetricMean[],
  kind: readonly HeadlineColumn[],
  { asked, baseline }: { asked: ReadonlyMap<string, string[]>; baseline: string | undefined },
): HeadlineTable[] {
  const byPlace = new Map(means.map((mean) => [`${mean.metric}\n${mean.variant}`, mean]));
  const found = new Set(means.map(({ metric }) => metric));
  const columns = kind.filter(({ metric }) => found.has(metric));
  if (columns.length === 0) return [];
  const { stage, split } = means[0]!;
  const rows = (asked.get(stage) ?? []).map((variant) => ({
    variant,
    baseline: variant === baseline,
    cells: columns.map(({ metric }) => byPlace.get(`${metric}\n${variant}`)),
  }));
  const counts = rows.flatMap(({ cells }) => cells.map((cell) => cell?.runs ?? 0));
  return [{ stage, split, columns, rows, seeds: Math.max(...counts) }];
}
