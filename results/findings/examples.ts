/**
 * Queries on which the variants' answers differ most, with the answers of each variant; one query per
 * image. Queries on which the first runs differ come first, since their answers are shown.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type Answered, ask, literal, type Question } from "../database/question.ts";
import type { Variants } from "./variants.ts";

export interface Examples {
  /** The stage whose variants are compared; undefined where stages without variants are compared. */
  readonly stage: string | undefined;
  readonly queries: readonly ExampleQuery[];
  readonly question: Question;
}

export interface ExampleQuery {
  readonly direction: "i2t" | "t2i";
  /** Id of the query image or caption. */
  readonly query: string;
  readonly split: string | null;
  /** A run that ranked it, from which texts and pictures are found. */
  readonly run: string;
  readonly answers: readonly ExampleAnswer[];
  /** Number of variants that are not in `answers`. */
  readonly left: number;
}

/** The answer of a variant's first seed. */
export interface ExampleAnswer {
  /** The stage, where stages are compared. */
  readonly variant: string;
  /** Rank of the best correct answer, from 1. */
  readonly rank: number;
  /** Share of seeds in which a correct answer came first. */
  readonly correct: number;
  readonly runs: number;
  /** Ids, best first. */
  readonly top: readonly string[];
}

interface AnswerRow extends Omit<ExampleAnswer, "top"> {
  readonly direction: "i2t" | "t2i";
  readonly query: string;
  readonly split: string | null;
  readonly run: string;
  readonly top_ids: string | null;
  /** Others are compared with it. */
  readonly baseline: boolean;
}

const perDirection = 6;
const mostVariants = 8;
const mostDifferent = "first_apart DESC, apart DESC, spread DESC, query";

export async function examplesOf(
  connection: DuckDBConnection,
  request: string,
  { sql, ranking }: Variants,
): Promise<Examples> {
  const [first] = ranking;
  const stage = ranking.length > 1 && first!.variants === 1 ? undefined : first?.stage;
  const found: Answered<AnswerRow> = await ask<AnswerRow>(connection, {
    what: "queries on which variants differ most, and the answers of each variant's first run",
    sql: `${sql}, answer AS (
  SELECT q.direction, q.query, q.split, q.rank, q.top_ids, q.run, r.position,
    coalesce(q.image, q.query) AS image,
    ${stage === undefined ? "r.stage" : "coalesce(v.variant, '')"} AS variant,
    coalesce(v.baseline, false) AS baseline
  FROM experiment_run AS r
  JOIN query_rank AS q ON q.run = r.run
  LEFT JOIN variant AS v ON v.run = r.run
  WHERE r.experiment = ${literal(request)}${
      stage === undefined ? "" : ` AND r.stage = ${literal(stage)}`
    }
), by_variant AS (
  SELECT direction, query, split, variant, any_value(image) AS image, bool_and(baseline) AS baseline,
    avg((rank = 1)::INTEGER) AS correct, avg(ln(rank)) AS height, count(*)::INTEGER AS runs,
    min(position) AS position, (arg_min(rank, position) = 1)::INTEGER AS first_correct
  FROM answer GROUP BY direction, query, split, variant
), by_query AS (
  SELECT direction, query, split, any_value(image) AS image,
    max(first_correct) - min(first_correct) AS first_apart,
    max(correct) - min(correct) AS apart, max(height) - min(height) AS spread
  FROM by_variant GROUP BY direction, query, split
), of_image AS (
  SELECT * FROM by_query
  QUALIFY row_number() OVER (PARTITION BY direction, image ORDER BY ${mostDifferent}) = 1
), chosen AS (
  SELECT * FROM of_image
  QUALIFY row_number() OVER (PARTITION BY direction ORDER BY ${mostDifferent}) <= ${perDirection}
)
SELECT c.direction, c.query, c.split, b.variant, b.baseline, b.correct, b.runs, a.rank, a.top_ids, a.run
FROM chosen AS c
JOIN by_variant AS b ON b.direction = c.direction AND b.query = c.query
  AND b.split IS NOT DISTINCT FROM c.split
JOIN answer AS a ON a.direction = c.direction AND a.query = c.query AND a.variant = b.variant
  AND a.position = b.position AND a.split IS NOT DISTINCT FROM c.split
ORDER BY c.direction DESC, first_apart DESC, apart DESC, spread DESC, c.query, b.position`,
  });
  const { what, sql: statement } = found;
  const groups = Map.groupBy(
    found.rows,
    ({ direction, query, split }) => JSON.stringify([direction, query, split]),
  );
  const queries = [...groups.values()].map((rows): ExampleQuery => {
    const { direction, query, split, run } = rows[0]!;
    const first = rows.filter(({ baseline }) => baseline);
    const others = rows.filter(({ baseline }) => !baseline);
    const shown = [...first, ...others].slice(0, mostVariants);
    return {
      direction,
      query,
      split,
      run,
      answers: shown.map(({ variant, rank, correct, runs, top_ids }) => ({
        variant,
        rank,
        correct,
        runs,
        top: idList(top_ids),
      })),
      left: rows.length - shown.length,
    };
  });
  return { stage, queries, question: { what, sql: statement } };
}

function idList(json: string | null): string[] {
  try {
    const list: unknown = JSON.parse(json ?? "[]");
    return Array.isArray(list) ? list.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}
