/** Published results next to ours, and whether they are comparable. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { type PublishedTable, publishedTables } from "./published_results.ts";
import type { HeadlineTable } from "./headline.ts";
import { ask, literal, type Question } from "../database/question.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { textTable } from "../../pipeline/terminal/text_table.ts";
import { width } from "./comparison_text.ts";

export interface Published {
  readonly table: PublishedTable;
  /** The different sizes of our own test sets. */
  readonly sizes: readonly { readonly images: number; readonly captions: number }[];
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

/** Our mean recalls in the columns of published tables; undefined where there is none. */
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
  request: string,
): Promise<Published | undefined> {
  const { rows: [experiment] } = await ask<{ compare: string | null }>(connection, {
    what: "published results to compare with",
    sql: `SELECT compare FROM experiment WHERE id = ${literal(request)}`,
  });
  const name = experiment?.compare ?? "";
  if (!Object.hasOwn(publishedTables, name)) return undefined;
  const table = publishedTables[name]!;
  const question = await ask<{ images: number; captions: number }>(connection, {
    what: "number of ranked images and captions",
    sql: `SELECT DISTINCT
  (count(*) FILTER (q.direction = 'i2t'))::INTEGER AS images,
  (count(*) FILTER (q.direction = 't2i'))::INTEGER AS captions
FROM experiment_run AS r
JOIN query_rank AS q ON q.run = r.run
WHERE r.experiment = ${literal(request)}
GROUP BY r.run ORDER BY ALL`,
  });
  return { table, sizes: question.rows, question };
}

/** The sampling error of the first published model: √(p (1 − p) / n) of n queries. */
export function standardErrorText({ rows, images, captions }: PublishedTable): string {
  const error = (percent: number | null | undefined, count: number) => {
    const share = (percent ?? 0) / 100;
    return (100 * Math.sqrt(share * (1 - share) / count)).toFixed(1);
  };
  const [i2t, , , t2i] = rows[0]?.recalls ?? [];
  return `Standard error of R@1: ${error(i2t, images)} points i→t, ${
    error(t2i, captions)
  } points t→i.`;
}

/** Why the results are not comparable; undefined where the test sets have the same size. */
export function sizeText({ table, sizes }: Omit<Published, "question">): string | undefined {
  const others = sizes.filter(({ images, captions }) =>
    images !== table.images || captions !== table.captions
  );
  if (others.length === 0) return undefined;
  const ours = others.map(({ images, captions }) => `${images} images and ${captions} captions`);
  return `we ranked ${ours.join("; ")}, they ranked ${table.images} and ${table.captions}`;
}

/** The published table for the terminal. */
export function publishedText(published: Omit<Published, "question">): string {
  const { test, rows, source } = published.table;
  const lines = [
    ["", ...recallTitles.map((title, place) => place % 3 === 0 ? title : title.slice(4))],
    ...rows.map(({ name, recalls }) => [
      name,
      ...recalls.map((value) => value === null ? "-" : value.toFixed(1)),
    ]),
  ];
  const sizes = sizeText(published);
  return [
    `Published results on ${test} (percent)`,
    ...textTable(lines),
    standardErrorText(published.table),
    `Source: ${source}`,
    ...(sizes === undefined ? [] : wrapped(`Not comparable: ${sizes}.`, width)),
  ].join("\n");
}
