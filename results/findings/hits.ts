/**
 * Which queries an evaluation answered correctly, for each requested recall, their sum and each accuracy
 * on swapped pairs. Differences are resampled and tested from these hits.
 */
import { literal } from "../database/question.ts";
import type { Variants } from "./variants.ts";

/** One metric of a variant on one image, or on one pair of swapped pictures. */
export interface ClusterRow {
  readonly stage: string;
  readonly split: string | null;
  /** i2t_r1, t2i_r10 …, rsum, pair_text, pair_image, pair_group. */
  readonly metric: string;
  /** i2t, t2i or pair; rsum has a row for i2t and one for t2i. */
  readonly direction: string;
  readonly variant: string;
  /** Id of the image or pair. */
  readonly image: string;
  readonly queries: number;
  /** Number of (query, seed) combinations. */
  readonly pairs: number;
  readonly seeds: number;
  /** Hits of the variant minus hits of the baseline, over its queries and the seeds of both. */
  readonly ahead: number;
}

/**
 * SQL: for each query or pair of swapped pictures, whether a metric counts it as correct. rsum counts a
 * query up to three times, at K of 1, 5 and 10. A stage and split have a metric if one of its runs has it.
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
    coalesce(q.image, q.query) AS image, ${columns},
    CASE c.metric WHEN 'rsum'
      THEN (q.rank <= 1)::INTEGER + (q.rank <= 5)::INTEGER + (q.rank <= 10)::INTEGER
      ELSE (q.rank <= c.k)::INTEGER END AS hit
  ${from("query_rank")}
  JOIN cutoff AS c ON c.stage = r.stage AND c.split IS NOT DISTINCT FROM q.split
    AND c.direction = q.direction
  WHERE ${where}
  UNION ALL
  SELECT r.stage, r.position, m.split, c.metric, 'pair' AS direction, q.pair AS query,
    q.pair AS image, ${columns},
    (CASE c.metric WHEN 'pair_text' THEN q.text_right WHEN 'pair_image' THEN q.image_right
      ELSE q.group_right END)::INTEGER AS hit
  ${from("pair_score")}
  JOIN metric AS m ON m.run = r.run AND m.name = 'pair_group'
  CROSS JOIN (VALUES ('pair_text'), ('pair_image'), ('pair_group')) AS c (metric)
  WHERE ${where} AND q.group_right IS NOT NULL`;
}

/** ORDER BY terms that put metrics in the order of the tables: i2t and t2i by K, rsum, pairs. */
export function inTableOrder(metric: string): string {
  return `list_position(['i2t', 't2i', 'rsu', 'pai'], ${metric}[1:3]), list_position(
    ['pair_text', 'pair_image', 'pair_group'], ${metric}
  ), length(${metric}), ${metric}`;
}

/**
 * SQL: hits of each variant minus hits of the baseline, per image or pair: rows as `ClusterRow`.
 */
export function hitDifferences(request: string, { sql }: Variants, baseline: string): string {
  return `${sql}, hit AS (
  ${
    hits({
      columns: "coalesce(v.variant, '') AS variant, coalesce(v.seed, '') AS seed",
      joins: "LEFT JOIN variant AS v ON v.run = r.run",
      where: `r.experiment = ${literal(request)}`,
    })
  }
)
SELECT a.stage, a.split, a.metric, a.direction, a.variant, a.image,
  count(DISTINCT a.query)::INTEGER AS queries,
  count(*)::INTEGER AS pairs, max(s.seeds)::INTEGER AS seeds,
  sum(a.hit - b.hit)::INTEGER AS ahead
FROM hit AS a
JOIN hit AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
  AND b.metric = a.metric AND b.direction = a.direction AND b.query = a.query AND b.seed = a.seed
JOIN (
  SELECT x.stage, x.split, x.variant, count(DISTINCT x.seed) AS seeds
  FROM hit AS x WHERE x.seed IN (
    SELECT y.seed FROM hit AS y WHERE y.stage = x.stage AND y.variant = ${literal(baseline)}
  )
  GROUP BY x.stage, x.split, x.variant
) AS s ON s.stage = a.stage AND s.split IS NOT DISTINCT FROM a.split AND s.variant = a.variant
WHERE b.variant = ${literal(baseline)} AND a.variant <> b.variant
GROUP BY a.stage, a.split, a.metric, a.direction, a.variant, a.image
ORDER BY min(a.position), a.direction = 'pair', a.split, ${
    inTableOrder("a.metric")
  }, a.direction, a.variant, a.image`;
}
