/** Results that others published, to stand beside ours, and whether they may be compared. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { textTable } from "../../pipeline/terminal/text_table.ts";

export interface PublishedTable {
  /** What was ranked. */
  readonly test: string;
  readonly images: number;
  readonly captions: number;
  readonly rows: readonly {
    readonly name: string;
    /** Percent: i2t R@1, 5, 10, t2i R@1, 5, 10; null where no source could be found. */
    readonly recalls: readonly (number | null)[];
  }[];
  readonly source: string;
}

const paper = "Ren et al., ACL 2021, arXiv 2105.13868";

/** By the name that an experiment gives as `report: { compare: … }`. */
export const publishedTables: Readonly<Record<string, PublishedTable>> = {
  flickr30k_1k: {
    test: "Flickr30k, Karpathy's 1K test split",
    images: 1000,
    captions: 5000,
    rows: [
      { name: "UNITER-large", recalls: [87.3, 98.0, 99.2, 75.6, 94.1, 96.8] },
      { name: "IAIS on UNITER-large", recalls: [88.3, 98.4, 99.4, 76.86, 93.3, 95.72] },
    ],
    source: paper,
  },
  coco_5k: {
    test: "MS COCO, Karpathy's 5K test split",
    images: 5000,
    captions: 25_010,
    rows: [
      { name: "UNITER-large", recalls: [65.7, 88.6, 93.8, 52.9, 79.9, 88.0] },
      { name: "IAIS on UNITER-large", recalls: [67.78, 89.7, 94.48, null, null, null] },
    ],
    source: paper,
  },
};

const head = ["i→t R@1", "R@5", "R@10", "t→i R@1", "R@5", "R@10"];

/** The table that an experiment names, with a word where ours was ranked on something else. */
export async function publishedReport(
  connection: DuckDBConnection,
  experiment: string,
): Promise<string> {
  const asked = await connection.runAndReadAll(
    "SELECT compare FROM experiment WHERE id = $experiment",
    { experiment },
  );
  const table = publishedTables[String(asked.getRows()[0]?.[0] ?? "")];
  if (table === undefined) return "";
  const queries = await connection.runAndReadAll(
    `SELECT DISTINCT
       (SELECT count(*) FROM query_rank AS q WHERE q.run = r.run AND q.direction = 'i2t') AS images,
       (SELECT count(*) FROM query_rank AS q WHERE q.run = r.run AND q.direction = 't2i') AS captions
     FROM experiment_run AS r JOIN artifact AS a ON a.run = r.run AND a.kind = 'recall'
     WHERE r.experiment = $experiment ORDER BY ALL`,
    { experiment },
  );
  return publishedText(table, queries.getRows().map((row) => row.map(Number) as [number, number]));
}

/** @param ours images and captions of each of our evaluations that differ in them */
export function publishedText(
  { test, images, captions, rows, source }: PublishedTable,
  ours: readonly (readonly [number, number])[],
): string {
  const lines = [
    ["", ...head],
    ...rows.map(({ name, recalls }) => [
      name,
      ...recalls.map((value) => value === null ? "-" : value.toFixed(1)),
    ]),
  ];
  const others = ours.filter(([i, c]) => i !== images || c !== captions);
  const error = (accuracy: number, count: number) =>
    (100 * Math.sqrt(accuracy * (1 - accuracy) / count)).toFixed(1);
  const [i2t = 0, , , t2i = 0] = rows[0]!.recalls.map((value) => (value ?? 0) / 100);
  return [
    `published, ${test} (percent)`,
    ...textTable(lines),
    `one standard error of R@1: ${error(i2t, images)} points i→t, ${error(t2i, captions)} t→i`,
    `source: ${source}`,
    ...(others.length === 0 ? [] : [
      `not comparable: ours ranked ${
        others.map(([i, c]) => `${i} images and ${c} captions`).join("; ")
      }, theirs ${images} and ${captions}`,
    ]),
  ].join("\n");
}
