/**
 * The table at the end of a run: recalls of each variant, mean and standard deviation over seeds, and
 * their differences from the baseline. Evaluations that only decide a choice are left to the report.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import * as aq from "arquero";
import { leadingRecalls } from "../text/metrics.ts";
import { pairedDifferences, type SeedValue } from "./paired_differences.ts";
import { publishedOf, publishedText } from "./published.ts";
import { mixedCaution } from "../queries/mixed_caution.ts";
import { rowsOf } from "../database/read_results.ts";
import { columnNotes, mainKinds, type MetricColumn } from "../text/metric_tables.ts";
import { choiceLines, choicesOf } from "./choices.ts";
import {
  judgingStages,
  mostSeeds,
  type RequestedVariant,
  requestedVariants,
  type Variants,
  variantsOf,
} from "./variants.ts";
import { compareVariants, type Comparison, isOfPairs } from "./comparison.ts";
import { wrapped } from "../../pipeline/terminal/terminal_text.ts";
import { textTable } from "../../pipeline/terminal/text_table.ts";
import { type FlattenedMark, flattenedNote, flattenedVariants } from "./flattened.ts";
import { linearBaselineLines, linearBaselinesOf } from "./linear_baseline.ts";
import { comparisonLines, missingBaselines, significanceMark, width } from "./comparison_text.ts";
import {
  referenceNotes,
  type ReferenceRow,
  referencesOf,
  referencesWith,
  type ReferenceValue,
} from "./references.ts";

/** One metric of one evaluated run. */
interface MetricRow extends SeedValue {
  readonly stage: string;
  readonly split: string | null;
}

/**
 * @param experiment id of a request
 * @param given the result of `compareVariants`, where it was computed already
 * @returns lines of at most 80 columns; empty when nothing was evaluated
 */
export async function terminalTable(
  connection: DuckDBConnection,
  experiment: string,
  given?: readonly Comparison[],
): Promise<string> {
  const variants = await variantsOf(connection, experiment);
  const rows = await metricRows(connection, experiment, variants);
  const requested = await requestedVariants(connection, experiment, variants);
  const compared = given ?? await compareVariants(connection, experiment);
  const flattened = await flattenedVariants(connection, experiment, variants);
  const references = await referencesOf(connection, experiment, variants);
  const groups = Map.groupBy(
    rows.filter(({ stage, split }) => !references.isShownBeside(stage, split)),
    ({ stage, split }) => `${stage} on ${split ?? "all"}`,
  );
  const explained = new Set<string>();
  const tables = [...groups].map(([title, group]) => {
    const { stage, split } = group[0]!;
    const own = compared.filter((each) => each.stage === stage && each.split === split);
    return groupText(title, group, {
      baseline: variants.baseline,
      requested: requested.get(stage) ?? [],
      compared: own,
      flattened,
      references: references.beside(stage, split),
      explained,
    });
  });
  const chosen = choiceLines((await choicesOf(connection, experiment, variants)).rows).join("\n");
  const linear = linearBaselineLines(await linearBaselinesOf(connection, experiment)).join("\n");
  const published = await publishedOf(connection, experiment);
  const mixed = tables.length === 0 ? undefined : await mixedCaution(connection, [experiment]);
  const caution = mixed === undefined ? "" : wrapped(mixed, width).join("\n");
  return [
    ...tables,
    chosen,
    caution,
    linear,
    published === undefined ? "" : publishedText(published),
  ]
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
       coalesce(v.reference, '') AS reference, coalesce(v.seed, '') AS seed
     FROM experiment_run AS r
     JOIN metric AS m ON m.run = r.run
     LEFT JOIN variant AS v ON v.run = r.run
     WHERE r.experiment = $experiment AND isfinite(m.value)
       AND r.stage NOT IN (${judgingStages("$experiment")})
     ORDER BY r.position, m.name`,
    { experiment },
  );
}

interface GroupOptions {
  readonly baseline: string | undefined;
  /** All variants of the stage. */
  readonly requested: readonly RequestedVariant[];
  readonly compared: readonly Comparison[];
  readonly flattened: FlattenedMark;
  readonly references: readonly ReferenceRow[];
  /** Notes that the tables before have shown. */
  readonly explained: Set<string>;
}

function groupText(title: string, rows: readonly MetricRow[], options: GroupOptions): string {
  const { baseline, requested, compared, flattened, references, explained } = options;
  const kinds = mainKinds(new Set(rows.map(({ metric }) => metric)), { byKind: true });
  if (kinds.length === 0) return "";
  const seeds = mostSeeds(requested);
  const over = seeds > 1 ? `, mean ± standard deviation over ${seeds} seeds` : "";
  const marked = requested.some(({ baseline }) => baseline);
  const flat = requested.some(({ stage, variant }) => flattened(stage, variant) !== "");
  const notes = [
    ...(flat ? [flattenedNote] : []),
    ...kinds.flatMap(({ columns }) => [
      ...columnNotes(columns),
      ...referenceNotes(referencesWith(references, columns.map(({ metric }) => metric))),
    ]),
  ].filter((note) => !explained.has(note));
  for (const note of notes) explained.add(note);
  return [
    ...wrapped(`${title} (percent${over})`, width),
    ...kinds.map(({ columns }) => tableText(rows, { ...options, columns })),
    ...wrapped([...(marked ? ["* baseline"] : []), ...notes].join("; "), width),
    ...wrapped(missingBaselines(requested), width),
    // Without ranks, only seeds can be compared.
    ...(compared.length > 0
      ? [...Map.groupBy(compared, ({ metric }) => isOfPairs(metric)).values()].flatMap(
        comparisonLines,
      )
      : marked && baseline !== undefined
      ? pairedDifferences(rows, {
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
  const { columns, requested, compared, flattened, references } = options;
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
  const all = mostSeeds(requested);
  const body = requested.map(({ stage, variant, baseline }) => {
    const own = summary.filter((each) => each.variant === variant);
    const cells = metrics.map((metric) => {
      const one = own.find((each) => each.metric === metric);
      if (one === undefined) return "missing";
      const found = compared.find((each) => each.variant === variant && each.metric === metric);
      const mark = found === undefined ? "" : significanceMark(found);
      return `${percentText(one.mean, one.seeds > 1 ? one.spread : null)}${mark}`;
    });
    const fewest = Math.min(...own.map(({ seeds }) => seeds));
    const fewer = own.length > 0 && fewest < all ? ` (${fewest} of ${all} seeds)` : "";
    const marks = [baseline ? "*" : "", flattened(stage, variant)]
      .filter((mark) => mark !== "").map((mark) => ` ${mark}`).join("");
    return [`${variant || "all"}${marks}${fewer}`, ...cells];
  });
  const beside = referencesWith(references, metrics)
    .map(({ name, value }) => [name, ...metrics.map((metric) => referenceText(value(metric)))]);
  const lines = [...headOf(columns), ...beside, ...body];
  const table = textTable(lines);
  const total = Math.max(...table.map((line) => line.length));
  const withoutSum = columns.filter(({ metric }) => metric !== "rsum");
  if (total > width && withoutSum.length < columns.length) {
    // The differences below the table have it, and so does the report.
    return tableText(rows, { ...options, columns: withoutSum });
  }
  if (total > width && columns.length > 3) {
    const half = Math.ceil(columns.length / 2);
    return [columns.slice(0, half), columns.slice(half)]
      .map((columns) => tableText(rows, { ...options, columns })).join("\n");
  }
  return table.join("\n");
}

function referenceText(value: ReferenceValue | undefined): string {
  return value === undefined ? "–" : percentText(value.mean, value.spread);
}

/** `27.7`, or `27.7 ±1.3`, of fractions. */
function percentText(mean: number, spread: number | null): string {
  const share = (value: number) => (100 * value).toFixed(1);
  return `${share(mean)}${spread === null ? "" : ` ±${share(spread)}`}`;
}

/**
 * `i→t R@1`, then `R@5`: a prefix is written once for neighbouring columns. Kinds of pairs, which are
 * longer words, are in a line above.
 */
function headOf(columns: readonly MetricColumn[]): string[][] {
  const start = (title = "") => /^(i→t|t→i|\w+:) /.exec(title)?.[0] ?? "";
  const isFirst = columns.map(({ title }, place) =>
    start(title) !== start(columns[place - 1]?.title)
  );
  const short = (title: string) => title.slice(start(title).length);
  if (columns.some(({ metric }) => /^pair_(text|image|group)_/.test(metric))) {
    return [
      ["", ...columns.map(({ title }, place) => isFirst[place] ? start(title).slice(0, -2) : "")],
      ["", ...columns.map(({ title }) => short(title))],
    ];
  }
  return [["", ...columns.map(({ title }, place) => isFirst[place] ? title : short(title))]];
}
