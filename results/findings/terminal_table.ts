/** The table at the end of a run: each variant's recalls, mean and spread over seeds, and what may be said. */
import type { DuckDBConnection } from "@duckdb/node-api";
import * as aq from "arquero";
import { leadingRecalls } from "../text/metrics.ts";
import { differences, type SeedValue } from "./paired_differences.ts";
import { publishedReport } from "./published_results.ts";
import { processorCaution } from "./environment.ts";
import { rowsOf } from "../database/read_results.ts";
import { mainKinds, type MetricColumn } from "../text/metric_tables.ts";
import {
  type AskedVariant,
  askedVariants,
  mostSeeds,
  type Variants,
  variantsOf,
} from "./variants.ts";
import { compareVariants, type Comparison } from "./comparison.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { textTable } from "../../pipeline/terminal/text_table.ts";
import { yardstickLines, yardsticksOf } from "./yardstick.ts";
import { comparisonLines, resampledUnit, significanceMark } from "./comparison_text.ts";

/** One metric of one evaluated run. */
interface MetricRow extends SeedValue {
  readonly stage: string;
  readonly split: string | null;
}

/** What fits every terminal. */
const width = 80;

/**
 * @param given what `compareVariants` says of it, where that was asked already
 * @returns empty when nothing was evaluated
 */
export async function terminalTable(
  connection: DuckDBConnection,
  experiment: string,
  given?: readonly Comparison[],
): Promise<string> {
  const variants = await variantsOf(connection, experiment);
  const rows = await metricRows(connection, experiment, variants);
  const asked = await askedVariants(connection, experiment, variants);
  const compared = given ?? await compareVariants(connection, experiment);
  const groups = Map.groupBy(rows, ({ stage, split }) => `${stage} on ${split ?? "all"}`);
  const tables = [...groups].map(([title, group]) => {
    const { stage, split } = group[0]!;
    const own = compared.filter((each) => each.stage === stage && each.split === split);
    return groupText(title, group, {
      baseline: variants.baseline,
      asked: asked.get(stage) ?? [],
      compared: own,
    });
  });
  const yardstick = yardstickLines(await yardsticksOf(connection, experiment)).join("\n");
  const mixed = tables.length === 0 ? undefined : await processorCaution(connection, [experiment]);
  const caution = mixed === undefined ? "" : wrapped(mixed, width).join("\n");
  return [...tables, caution, yardstick, await publishedReport(connection, experiment)]
    .filter((text) => text !== "")
    .join("\n\n");
}

async function metricRows(
  connection: DuckDBConnection,
  experiment: string,
  { sql }: Variants,
): Promise<MetricRow[]> {
  return await rowsOf<MetricRow>(
    connection,
    `${sql}
     SELECT r.stage, m.split, m.name AS metric, m.value, coalesce(v.variant, '') AS variant,
       coalesce(v.seed, '') AS seed
     FROM experiment_run AS r
     JOIN metric AS m ON m.run = r.run
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = $experiment AND isfinite(m.value)
     ORDER BY r.position, m.name`,
    { experiment },
  );
}

interface GroupOptions {
  readonly baseline: string | undefined;
  /** All variants of the stage. */
  readonly asked: readonly AskedVariant[];
  readonly compared: readonly Comparison[];
}

function groupText(title: string, rows: readonly MetricRow[], options: GroupOptions): string {
  const { baseline, asked, compared } = options;
  const kinds = mainKinds(new Set(rows.map(({ metric }) => metric)));
  if (kinds.length === 0) return "";
  const seeds = mostSeeds(asked);
  const over = seeds > 1 ? `, mean ± spread over ${seeds} seeds` : "";
  const marked = baseline !== undefined && asked.some(({ variant }) => variant === baseline);
  return [
    `${title} (percent${over})`,
    ...kinds.map(({ columns }) => tableText(rows, { ...options, columns })),
    ...(marked ? ["* baseline"] : []),
    // Without ranks there are only the seeds to compare.
    ...(compared.length > 0
      ? [...Map.groupBy(compared, resampledUnit).values()].flatMap(comparisonLines)
      : marked
      ? differences(rows, {
        baseline,
        metrics: leadingRecalls(rows.map(({ metric }) => metric)),
      })
      : []),
  ].join("\n");
}

interface Summary {
  readonly variant: string;
  readonly metric: string;
  readonly mean: number;
  readonly spread: number;
  readonly seeds: number;
}

function tableText(
  rows: readonly MetricRow[],
  options: GroupOptions & { readonly columns: readonly MetricColumn[] },
): string {
  const { columns, baseline, asked, compared } = options;
  const metrics = columns.map(({ metric }) => metric);
  const summary = aq.from(rows as MetricRow[])
    .filter(aq.escape((row: MetricRow) => metrics.includes(row.metric)))
    .groupby("variant", "metric")
    .rollup({
      mean: aq.op.mean("value"),
      spread: aq.op.stdev("value"),
      seeds: aq.op.count(),
    })
    .objects() as Summary[];
  const all = mostSeeds(asked);
  const body = asked.map(({ variant }) => {
    const own = summary.filter((each) => each.variant === variant);
    const cells = metrics.map((metric) => {
      const one = own.find((each) => each.metric === metric);
      if (one === undefined) return "missing";
      const mean = (100 * one.mean).toFixed(1);
      const found = compared.find((each) => each.variant === variant && each.metric === metric);
      const mark = found === undefined ? "" : significanceMark(found);
      return `${mean}${one.seeds > 1 ? ` ±${(100 * one.spread).toFixed(1)}` : ""}${mark}`;
    });
    const fewest = Math.min(...own.map(({ seeds }) => seeds));
    const fewer = own.length > 0 && fewest < all ? ` (${fewest} of ${all} seeds)` : "";
    return [`${variant || "all"}${variant === baseline ? " *" : ""}${fewer}`, ...cells];
  });
  const lines = [["", ...headOf(columns)], ...body];
  const table = textTable(lines);
  const total = Math.max(...table.map((line) => line.length));
  const withoutSum = columns.filter(({ metric }) => metric !== "rsum");
  if (total > width && withoutSum.length < columns.length) {
    // The lines on differences below tell it, and the report.
    return tableText(rows, { ...options, columns: withoutSum });
  }
  if (total > width && columns.length > 3) {
    const half = Math.ceil(columns.length / 2);
    return [columns.slice(0, half), columns.slice(half)]
      .map((columns) => tableText(rows, { ...options, columns })).join("\n");
  }
  return table.join("\n");
}

/** `i→t R@1`, then `R@5`: what a title begins with is said once. */
function headOf(columns: readonly MetricColumn[]): string[] {
  const start = (title: string | undefined) => /^(i→t|t→i|pairs:) /.exec(title ?? "")?.[0] ?? "";
  return columns.map(({ title }, place) =>
    start(title) === start(columns[place - 1]?.title) ? title.slice(start(title).length) : title
  );
}
