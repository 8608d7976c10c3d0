/** The table at the end of a run: each variant's recalls, mean and spread over seeds, and what may be said. */
import type { DuckDBConnection } from "@duckdb/node-api";
import * as aq from "arquero";
import { publishedReport } from "./published_results.ts";
import { differences } from "./paired_differences.ts";
import { compareVariants, type Comparison } from "./statistics/comparison.ts";
import { yardstickLines, yardsticksOf } from "./yardstick.ts";
import { comparisonLines, resampledUnit, significanceMark } from "./statistics/comparison_text.ts";

/** One metric of one evaluated run. */
export interface MetricRow {
  readonly stage: string;
  readonly split: string | null;
  readonly metric: string;
  readonly value: number;
  /** Values of the varied parameters other than the seed, in words. */
  readonly variant: string;
  readonly seed: string;
}

/** What fits every terminal. */
const width = 80;

const recalls = ["i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10"];
const pairs = ["pair_text", "pair_image", "pair_group"];

/**
 * @param given what `compareVariants` says of it, where that was asked already
 * @returns empty when nothing was evaluated
 */
export async function ablationReport(
  connection: DuckDBConnection,
  experiment: string,
  given?: readonly Comparison[],
): Promise<string> {
  const rows = await metricRows(connection, experiment);
  const baseline = await baselineVariant(connection, experiment);
  const compared = given ?? await compareVariants(connection, experiment);
  const groups = Map.groupBy(rows, ({ stage, split }) => `${stage} on ${split ?? "all"}`);
  const tables = [...groups].map(([title, group]) => {
    const { stage, split } = group[0]!;
    const own = compared.filter((each) => each.stage === stage && each.split === split);
    return groupText(title, group, { baseline, compared: own });
  });
  const yardstick = yardstickLines(await yardsticksOf(connection, experiment)).join("\n");
  return [...tables, yardstick, await publishedReport(connection, experiment)]
    .filter((text) => text !== "")
    .join("\n\n");
}

async function metricRows(connection: DuckDBConnection, experiment: string): Promise<MetricRow[]> {
  const reader = await connection.runAndReadAll(
    `WITH point AS (
       SELECT run,
         string_agg(CASE WHEN axes = 1 THEN value ELSE axis || '=' || value END, ', ' ORDER BY place)
           FILTER (NOT is_seed) AS variant,
         string_agg(value, ',' ORDER BY place) FILTER (is_seed) AS seed
       FROM (
         SELECT DISTINCT run, axis, value, axis = 'seed' OR axis LIKE '%.seed' AS is_seed,
           min(rowid) OVER (PARTITION BY run, axis) AS place,
           (SELECT count(DISTINCT axis) FROM run_point
            WHERE experiment = $experiment AND axis <> 'seed' AND axis NOT LIKE '%.seed') AS axes
         FROM run_point WHERE experiment = $experiment
       ) GROUP BY run
     )
     SELECT r.stage, m.split, m.name AS metric, m.value, coalesce(p.variant, '') AS variant,
       coalesce(p.seed, '') AS seed
     FROM experiment_run AS r
     JOIN metric AS m ON m.run = r.run
     LEFT JOIN point AS p ON p.run = r.run
     WHERE r.experiment = $experiment AND m.value IS NOT NULL
     ORDER BY r.position, m.name`,
    { experiment },
  );
  return reader.getRowObjectsJS() as unknown as MetricRow[];
}

async function baselineVariant(
  connection: DuckDBConnection,
  experiment: string,
): Promise<string | undefined> {
  const reader = await connection.runAndReadAll(
    `SELECT b.axis, b.value, (SELECT count(DISTINCT axis) FROM run_point
       WHERE experiment = $experiment AND axis <> 'seed' AND axis NOT LIKE '%.seed') AS axes
     FROM baseline AS b WHERE b.experiment = $experiment ORDER BY b.rowid`,
    { experiment },
  );
  const rows = reader.getRows() as [string, string, bigint][];
  if (rows.length === 0) return undefined;
  return rows.map(([axis, value, axes]) => Number(axes) === 1 ? value : `${axis}=${value}`)
    .join(", ");
}

function groupText(
  title: string,
  rows: readonly MetricRow[],
  { baseline, compared }: {
    readonly baseline: string | undefined;
    readonly compared: readonly Comparison[];
  },
): string {
  const found = new Set(rows.map(({ metric }) => metric));
  const tables = [
    { columns: recalls, head: ["i→t R@1", "R@5", "R@10", "t→i R@1", "R@5", "R@10"] },
    { columns: pairs, head: ["pairs: text", "image", "group"] },
  ].filter(({ columns }) => columns.every((column) => found.has(column)));
  if (tables.length === 0) return "";
  const seeds = new Set(rows.map(({ seed }) => seed)).size;
  const over = seeds > 1 ? `, mean ± spread over ${seeds} seeds` : "";
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const marked = baseline !== undefined && variants.includes(baseline);
  return [
    `${title} (percent${over})`,
    ...tables.map(({ columns, head }) => tableText(rows, { columns, head, baseline, compared })),
    ...(marked ? ["* baseline"] : []),
    // Without ranks there are only the seeds to compare.
    ...(compared.length > 0
      ? [...Map.groupBy(compared, resampledUnit).values()].flatMap(comparisonLines)
      : marked
      ? differences(rows, { baseline, metrics: ["i2t_r1", "t2i_r1"] })
      : []),
  ].join("\n");
}

function tableText(
  rows: readonly MetricRow[],
  { columns, head, baseline, compared }: {
    columns: readonly string[];
    head: readonly string[];
    baseline: string | undefined;
    compared: readonly Comparison[];
  },
): string {
  const summary = aq.from(rows as MetricRow[])
    .filter(aq.escape((row: MetricRow) => columns.includes(row.metric)))
    .groupby("variant", "metric")
    .rollup({
      mean: aq.op.mean("value"),
      spread: aq.op.stdev("value"),
      seeds: aq.op.count(),
    })
    .objects() as {
      variant: string;
      metric: string;
      mean: number;
      spread: number;
      seeds: number;
    }[];
  const variants = [...new Set(rows.map(({ variant }) => variant))];
  const body = variants.map((variant) => {
    const cells = columns.map((metric) => {
      const one = summary.find((each) => each.variant === variant && each.metric === metric);
      if (one === undefined) return "";
      const mean = (100 * one.mean).toFixed(1);
      const found = compared.find((each) => each.variant === variant && each.metric === metric);
      const mark = found === undefined ? "" : significanceMark(found);
      return `${mean}${one.seeds > 1 ? ` ±${(100 * one.spread).toFixed(1)}` : ""}${mark}`;
    });
    return [`${variant || "all"}${variant === baseline ? " *" : ""}`, ...cells];
  });
  const lines = [["", ...head], ...body];
  const widths = lines[0]!.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  const total = widths.reduce((sum, one) => sum + one + 2, -2);
  if (total > width && columns.length > 3) {
    const half = columns.length / 2;
    return [[0, half], [half, columns.length]].map(([from, to]) =>
      tableText(rows, {
        columns: columns.slice(from, to),
        head: head.slice(from, to),
        baseline,
        compared,
      })
    ).join("\n");
  }
  return lines.map((line) =>
    line.map((cell, index) => index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!))
      .join("  ").trimEnd()
  ).join("\n");
}
