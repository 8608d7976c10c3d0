/**
 * Which queries an evaluation answered correctly, for each requested recall, their sum and each accuracy
 * on swapped pairs. Differences are resampled and tested from these hits.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../database/question.ts";
import { rowsOf } from "../database/read_results.ts";
import type { Variants } from "./variants.ts";

/**
 * One metric of a variant on one unit: an image with its captions, a family of images with theirs, or a
 * pair of swapped pictures.
 */
export interface ClusterRow {
  readonly stage: string;
  readonly split: string | null;
  /** i2t_r1, t2i_r10 …, rsum, pair_text, pair_image, pair_group, pair_group_relation …. */
  readonly metric: string;
  /** i2t, t2i or pair; rsum has a row for i2t and one for t2i. */
  readonly direction: string;
  readonly variant: string;
  /** Id of the unit. */
  readonly unit: string;
  /** It is a family. */
  readonly family: boolean;
  readonly queries: number;
  /** Those that the variant and the baseline have, as text. */
  readonly seeds: readonly string[];
  /** Queries of each of these seeds. */
  readonly pairs: readonly number[];
  /** Hits of the variant minus hits of the baseline, for each of these seeds. */
  readonly ahead: readonly number[];
}

/** As DuckDB returns it. */
type StoredRow =
  & Omit<ClusterRow, "seeds" | "pairs" | "ahead">
  & {
    readonly [name in "seeds" | "pairs" | "ahead"]: { readonly items: readonly unknown[] };
  };

/**
 * SQL: for each query or pair of swapped pictures, whether a metric counts it as correct. rsum counts a
 * query up to three times, at K of 1, 5 and 10. Pairs count for all of them and for their kind. A stage
 * and split have a metric if one of its runs has it.
 */
export function hits(
  { columns, joins = "", where }: {
    readonly columns: string;
    readonly joins?: string;
    /** Condition on `experiment_run AS r`. */
    readonly where: string;
  },
): string {
  const from = (table: string) =>
    ["FROM experiment_run AS r", `JOIN ${table} AS q ON q.run = r.run`, ...(joins ? [joins] : [])]
      .join("\n  ");
  return `WITH cutoff AS (
    SELECT DISTINCT r.stage, m.split, m.name AS metric, m.name[1:3] AS direction,
      TRY_CAST(m.name[6:] AS BIGINT) AS k
    FROM experiment_run AS r
    JOIN metric AS m ON m.run = r.run AND regexp_full_match(m.name, '(i2t|t2i)_r[0-9]+')
    WHERE ${where}
    UNION ALL
    SELECT DISTINCT r.stage, m.split, m.name, d.direction, NULL
    FROM experiment_run AS r
    JOIN metric AS m ON m.run = r.run AND m.name = 'rsum'
    CROSS JOIN (VALUES ('i2t'), ('t2i')) AS d (direction)
    WHERE ${where}
  )
  SELECT r.stage, r.position, q.split, c.metric, q.direction, q.query,
    coalesce(q.family, q.image, q.query) AS unit, q.family IS NOT NULL AS family, ${columns},
    CASE c.metric WHEN 'rsum'
      THEN (q.rank <= 1)::INTEGER + (q.rank <= 5)::INTEGER + (q.rank <= 10)::INTEGER
      ELSE (q.rank <= c.k)::INTEGER END AS hit
  ${from("query_rank")}
  JOIN cutoff AS c ON c.stage = r.stage AND c.split IS NOT DISTINCT FROM q.split
    AND c.direction = q.direction
  WHERE ${where}
  UNION ALL
  SELECT r.stage, r.position, m.split, c.metric || m.name[11:] AS metric, 'pair' AS direction,
    q.pair AS query, coalesce(q.family, q.pair) AS unit, q.family IS NOT NULL AS family, ${columns},
    (CASE c.metric WHEN 'pair_text' THEN q.text_right WHEN 'pair_image' THEN q.image_right
      ELSE q.group_right END)::INTEGER AS hit
  ${from("pair_score")}
  JOIN metric AS m ON m.run = r.run AND (m.name = 'pair_group' OR m.name = 'pair_group_' || q.kind)
  CROSS JOIN (VALUES ('pair_text'), ('pair_image'), ('pair_group')) AS c (metric)
  WHERE ${where} AND q.group_right IS NOT NULL`;
}

/** ORDER BY terms that put metrics in the order of the tables: i2t and t2i by K, rsum, pairs. */
export function inTableOrder(metric: string): string {
  return `list_position(['i2t', 't2i', 'rsu', 'pai'], ${metric}[1:3]), list_position(
    ['pair_text', 'pair_image', 'pair_group'], regexp_extract(${metric}, '^pair_[a-z]+')
  ), length(${metric}), ${metric}`;
}

/** SQL: hits of each variant minus hits of the baseline, per unit and seed; `clusterRows` reads it. */
export function hitDifferences(request: string, { sql }: Variants): string {
  return `${sql}, hit AS (
  ${
    hits({
      columns: "v.variant, v.reference, v.seed",
      joins: "JOIN variant AS v ON v.run = r.run",
      where: `r.experiment = ${literal(request)}`,
    })
  }
), difference AS (
  SELECT a.stage, a.split, a.metric, a.direction, a.variant, a.unit, a.family, a.seed,
    min(a.position) AS position, count(*)::INTEGER AS pairs, sum(a.hit - b.hit)::INTEGER AS ahead
  FROM hit AS a
  JOIN hit AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
    AND b.metric = a.metric AND b.direction = a.direction AND b.query = a.query AND b.seed = a.seed
  WHERE b.variant = a.reference AND a.variant <> b.variant
  GROUP BY a.stage, a.split, a.metric, a.direction, a.variant, a.unit, a.family, a.seed
)
SELECT stage, split, metric, direction, variant, unit, family, max(pairs) AS queries,
  list(seed ORDER BY seed) AS seeds, list(pairs ORDER BY seed) AS pairs,
  list(ahead ORDER BY seed) AS ahead
FROM difference AS d
GROUP BY stage, split, metric, direction, variant, unit, family
ORDER BY min(position), direction = 'pair', split, ${
    inTableOrder("metric")
  }, direction, variant, unit`;
}

/** The rows of `hitDifferences`. */
export async function clusterRows(
  connection: DuckDBConnection,
  sql: string,
): Promise<ClusterRow[]> {
  const rows = await rowsOf<StoredRow>(connection, sql);
  return rows.map(({ seeds, pairs, ahead, ...row }) => ({
    ...row,
    seeds: seeds.items.map(String),
    pairs: pairs.items.map(Number),
    ahead: ahead.items.map(Number),
  }));
}
