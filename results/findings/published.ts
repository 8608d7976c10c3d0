/** Published numbers beside ours, and whether the two may be compared. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type PublishedTable, publishedTables } from "./published_results.ts";
import type { HeadlineTable } from "./headline.ts";
import { ask, literal, type Question } from "../database/question.ts";

export interface Published {
  readonly table: PublishedTable;
  /** Images and captions of ours that were ranked, where these are other numbers than theirs. */
  readonly others: readonly { readonly images: number; readonly captions: number }[];
  /** Points of one standard error of R@1 of their first model: i2t, t2i. */
  readonly standardErrors: readonly [number, number];
  readonly question: Question;
}

export const recallTitles = [
  "i→t R@1",
  "i→t R@5",
  "i→t R@10",
  "t→i R@1",
  "t→i R@5",
  "t→i R@10",
] as const;
const recallNames = ["i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10"];

/** Our mean recalls, as published tables have them; undefined where there is none. */
export function recallsOf(
  tables: readonly HeadlineTable[],
): { variant: string; recalls: (number | undefined)[] }[] {
  return tables.filter(({ columns }) => columns.some(({ metric }) => metric === "i2t_r1"))
    .flatMap(({ columns, rows }) =>
      rows.map(({ variant, cells }) => ({
        variant,
        recalls: recallNames.map((name) =>
          cells[columns.findIndex(({ metric }) => metric === name)]?.mean
        ),
      }))
    );
}

/** @returns undefined when the experiment names no published results */
export async function publishedOf(
  connection: DuckDBConnection,
  asking: string,
): Promise<Published | undefined> {
  const { rows: [experiment] } = await ask<{ compare: string | null }>(connection, {
    what: "what it is compared with",
    sql: `SELECT compare FROM experiment WHERE id = ${literal(asking)}`,
  });
  const name = experiment?.compare ?? "";
  if (!Object.hasOwn(publishedTables, name)) return undefined;
  const table = publishedTables[name]!;
  const question = await ask<{ images: number; captions: number }>(connection, {
    what: "how many images and captions were ranked",
    sql: `SELECT DISTINCT
  (count(*) FILTER (q.direction = 'i2t'))::INTEGER AS images,
  (count(*) FILTER (q.direction = 't2i'))::INTEGER AS captions
FROM experiment_run AS r
JOIN query_rank AS q ON q.run = r.run
WHERE r.experiment = ${literal(asking)}
GROUP BY r.run ORDER BY ALL`,
  });
  const error = (percent: number | null | undefined, count: number) => {
    const share = (percent ?? 0) / 100;
    return 100 * Math.sqrt(share * (1 - share) / count);
  };
  const [i2t, , , t2i] = table.rows[0]?.recalls ?? [];
  return {
    table,
    others: question.rows.filter(({ images, captions }) =>
      images !== table.images || captions !== table.captions
    ),
    standardErrors: [error(i2t, table.images), error(t2i, table.captions)],
    question,
  };
}
