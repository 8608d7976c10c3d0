/** Metrics and ranks missing from complete runs, judged by their parameters and by comparable runs. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal } from "../database/question.ts";

/** A metric that the run's parameters request, or that other runs of the same stage have. */
export interface MissingMetric {
  readonly label: string;
  readonly metric: string;
  readonly split: string | null;
}

/** An evaluation with fewer rows in `query_rank` than there are queries, or with none. */
export interface MissingRanks {
  readonly label: string;
  readonly split: string;
  readonly direction: string;
  readonly queries: number;
  /** The most queries that a run with the same features and split has. */
  readonly expected: number;
}

/**
 * `evaluate` always writes rank metrics, and R@K for each K of `recall_at`, also for its `folds` and its
 * shortlist. Metrics that depend on the data (swapped pairs, further correct answers) are expected only
 * where other runs have them. So are all metrics of other kinds of stage, and of evaluations by earlier
 * code without `recall_at`. What an oracle writes depends on its split alone; what a training says of
 * itself, on whether it aligned anything and on how it went; what a choice says, on which parameters have
 * an effect.
 */
export async function missingMetrics(
  connection: DuckDBConnection,
  request: string,
): Promise<Answered<MissingMetric>> {
  const parameter = (name: string, column = "value") =>
    `max(p.${column}) FILTER (p.name = '${name}')`;
  const directions = "unnest(['i2t', 't2i']) AS way(direction)";
  return await ask<MissingMetric>(connection, {
    what: "missing metrics that parameters request, or that other runs of the same stage have",
    sql: `WITH stored AS (
  SELECT r.stage, r.label, r.run, r.position, s.kind FROM experiment_run AS r
  JOIN stage_run AS s ON s.run = r.run AND s.status = 'complete'
  WHERE r.experiment = ${literal(request)}
), evaluated AS (
  SELECT stored.run, ${parameter("split")} AS split,
    ${parameter("recall_at")}::INTEGER[] AS cutoffs, ${
      parameter("folds", "number")
    }::INTEGER AS folds,
    coalesce(${parameter("rerank", "number")}, 0) > 0 AS reranks,
    ${parameter("positives")} IS NOT NULL AS extra, coalesce(bool_or(p.flag) FILTER (
      p.name = 'release_recall'), false) AS release
  FROM stored JOIN parameter AS p ON p.run = stored.run
  WHERE stored.kind = 'evaluate' GROUP BY stored.run HAVING cutoffs IS NOT NULL
), recall AS (
  SELECT run, split, folds, reranks, direction || '_r' || k AS name
  FROM evaluated, ${directions}, unnest(cutoffs) AS cutoff(k)
  UNION ALL SELECT run, split, folds, reranks, 'rsum' FROM evaluated
), expected AS (
  SELECT run, name, split FROM recall
  UNION SELECT run, 'fold' || folds || '_' || name, split FROM recall WHERE folds IS NOT NULL
  UNION SELECT run, kind || name, split
    FROM recall, unnest(['rerank_', 'rerank_lost_']) AS stage(kind) WHERE reranks
  UNION SELECT run, direction || '_' || name, split
    FROM evaluated, ${directions}, unnest(['median_rank', 'mean_rank', 'mrr', 'ndcg']) AS each(name)
  UNION SELECT run, 'tied_queries', split FROM evaluated
  UNION SELECT run, 'rerank_' || direction || '_found', split
    FROM evaluated, ${directions} WHERE reranks
  UNION SELECT run, 'rerank_pairs', split FROM evaluated WHERE reranks
  UNION SELECT stored.run, other.name, other.split
    FROM stored
    JOIN (
      SELECT DISTINCT s.stage, m.name, m.split FROM stored AS s JOIN metric AS m ON m.run = s.run
    ) AS other ON other.stage = stored.stage
    LEFT JOIN evaluated AS e ON e.run = stored.run
    WHERE (e.run IS NULL AND stored.kind <> 'oracle'
        AND other.name NOT IN (${ofTheTraining.map(literal).join(", ")})
        AND NOT starts_with(other.name, 'chosen_'))
      OR (other.split = ${pairSplit("e.split")} AND starts_with(other.name, 'pair_'))
      OR (other.split = e.split AND e.extra AND starts_with(other.name, 'positives_'))
      OR (other.split = e.split AND e.release AND starts_with(other.name, 'release_'))
)
SELECT stored.label, expected.name AS metric, expected.split
FROM stored JOIN expected ON expected.run = stored.run
LEFT JOIN metric AS m ON m.run = stored.run AND m.name = expected.name
  AND m.split IS NOT DISTINCT FROM expected.split AND isfinite(m.value)
WHERE m.run IS NULL
ORDER BY stored.position, expected.name`,
  });
}

/** Metrics that only some trainings of a stage have. */
const ofTheTraining = ["flattened", "updates_to_90"];

/** SQL: the split of the swapped pairs that `evaluate` judges with a split. */
function pairSplit(split: string): string {
  return `CASE ${split} WHEN 'test' THEN 'swap' ELSE 'swap_' || ${split} END`;
}

/** Without ranks a recall has no interval and no p-value, and its queries cannot be inspected. */
export async function missingRanks(
  connection: DuckDBConnection,
  request: string,
): Promise<Answered<MissingRanks>> {
  return await ask<MissingRanks>(connection, {
    what: "evaluations with fewer ranked queries than others on the same features and split",
    sql: `WITH evaluated AS (
  SELECT r.label, r.run, r.position, coalesce(p.value, 'test') AS split, e.input AS features
  FROM experiment_run AS r
  JOIN stage_run AS s ON s.run = r.run AND s.status = 'complete' AND s.kind = 'evaluate'
  LEFT JOIN parameter AS p ON p.run = r.run AND p.name = 'split'
  LEFT JOIN edge AS e ON e.run = r.run AND e.port = 'features'
  WHERE r.experiment = ${literal(request)}
), counted AS (
  SELECT e.label, e.position, e.split, e.features, way.direction,
    count(DISTINCT q.query)::INTEGER AS queries
  FROM evaluated AS e CROSS JOIN unnest(['i2t', 't2i']) AS way(direction)
  LEFT JOIN query_rank AS q ON q.run = e.run AND q.direction = way.direction
  GROUP BY ALL
)
SELECT label, split, direction, queries,
  max(queries) OVER (PARTITION BY split, features, direction) AS expected
FROM counted QUALIFY queries = 0 OR queries < expected
ORDER BY position, direction`,
  });
}

/** Why a missing metric is reported. */
export const whyExpected =
  "Their parameters request these metrics, or other runs of the same stage have them";

/** `3 of 6 queries`, or `no queries` where no run shows how many there are. */
export function queriesText({ queries, expected }: MissingRanks): string {
  return expected === 0 ? "no queries" : `${queries} of ${expected} queries`;
}
