/** The first tables of a report: metrics of each variant, mean and standard deviation over seeds. */
import type { DuckDBConnection } from "@duckdb/node-api";
import {
  columnNotes,
  furtherKinds,
  mainKinds,
  type MetricColumn,
  type MetricKind,
} from "../text/metric_tables.ts";
import type { Differences } from "./difference_rows.ts";
import { type Answered, ask, literal } from "../database/question.ts";
import { type FlattenedMark, flattenedNote, flattenedVariants } from "./flattened.ts";
import { mostSeeds, type RequestedVariant, requestedVariants, type Variants } from "./variants.ts";
import {
  referenceNotes,
  type ReferenceRow,
  type References,
  referencesOf,
  referencesWith,
} from "./references.ts";

export interface HeadlineTable {
  readonly stage: string;
  readonly split: string | null;
  /** What the table holds; empty for the first tables. */
  readonly title: string;
  readonly columns: readonly MetricColumn[];
  /** Shown before the variants; each has some of the columns. */
  readonly references: readonly ReferenceRow[];
  readonly rows: readonly HeadlineRow[];
  /** The most runs requested for any variant. */
  readonly seeds: number;
}

export interface HeadlineRow {
  readonly variant: string;
  readonly baseline: boolean;
  /** See `FlattenedMark`. */
  readonly flattened: string;
  /** One per column; undefined where no run has the metric. */
  readonly cells: readonly (HeadlineCell | undefined)[];
}

export interface HeadlineCell {
  /** As stored: recalls are fractions. */
  readonly mean: number;
  /** Sample standard deviation over seeds; null for one run. */
  readonly spread: number | null;
  readonly runs: number;
}

export interface Headline {
  /** Recalls, and accuracies on pairs. */
  readonly tables: readonly HeadlineTable[];
  /** All other metrics of evaluations. */
  readonly further: readonly HeadlineTable[];
  readonly question: Answered<MetricMean>;
}

export interface MetricMean {
  readonly stage: string;
  readonly variant: string;
  readonly split: string | null;
  readonly metric: string;
  readonly runs: number;
  readonly mean: number;
  readonly spread: number | null;
}

export async function headlineOf(
  connection: DuckDBConnection,
  request: string,
  variants: Variants,
): Promise<Headline> {
  const question = await ask<MetricMean>(connection, {
    what: "metrics of each variant, mean and standard deviation over its seeds",
    sql: `${variants.sql}
SELECT r.stage, coalesce(v.variant, '') AS variant, m.split, m.name AS metric,
  count(*)::INTEGER AS runs, avg(m.value) AS mean, stddev_samp(m.value) AS spread
FROM experiment_run AS r
JOIN metric AS m ON m.run = r.run
LEFT JOIN variant AS v ON v.run = r.run
WHERE r.experiment = ${literal(request)} AND isfinite(m.value)
GROUP BY r.stage, v.variant, m.split, m.name
ORDER BY min(r.position), m.split, m.name`,
  });
  const requested = await requestedVariants(connection, request, variants);
  const references = await referencesOf(connection, request, variants);
  const groups = Map.groupBy(
    question.rows.filter(({ stage, split }) => !references.isShownBeside(stage, split)),
    ({ stage, split }) => JSON.stringify([stage, split]),
  );
  const flattened = await flattenedVariants(connection, request, variants);
  const options = { requested, flattened, references };
  const tables = [...groups.values()].flatMap((means) => tablesOf(means, mainKinds, options));
  return {
    // Recalls of all stages come before pairs.
    tables: tables.toSorted((a, b) => Number(isPairs(a)) - Number(isPairs(b))),
    further: [...groups.values()].flatMap((means) => tablesOf(means, furtherKinds, options)),
    question,
  };
}

function isPairs({ columns }: HeadlineTable): boolean {
  return columns[0]!.metric.startsWith("pair_");
}

/** The variant with its marks, `singular *` or `singular ~`. */
export function variantText({ variant, baseline, flattened }: HeadlineRow): string {
  return [variant || "all", baseline ? "*" : "", flattened].filter((part) => part !== "").join(" ");
}

/** `1 of 3 seeds` where a mean is over fewer runs than its table states; otherwise empty. */
export function fewerSeeds({ runs }: HeadlineCell, { seeds }: { readonly seeds: number }): string {
  return runs < seeds ? `${runs} of ${seeds} seeds` : "";
}

/** The unit of its numbers; empty where none is a share. */
export function unitOf({ columns }: HeadlineTable): string {
  const shares = columns.filter(({ percent }) => percent).length;
  if (shares === 0) return "";
  return shares === columns.length ? "percent" : "recalls, sums and shares in percent";
}

/** What the means of a table are taken over. */
export function overSeeds({ seeds, rows }: HeadlineTable): string {
  if (seeds <= 1) return "one seed";
  const fewer = rows.some(({ cells }) => cells.some((cell) => cell && cell.runs < seeds));
  return `mean ± standard deviation over ${seeds} seeds${fewer ? " (fewer where stated)" : ""}`;
}

/** Notes on the columns and marks of some tables, a sentence part each. */
export function notesOf(
  tables: readonly HeadlineTable[],
  { rows }: Pick<Differences, "rows">,
): string[] {
  const marks = new Set(rows.map(({ mark }) => mark));
  const flat = tables.some((table) => table.rows.some(({ flattened }) => flattened !== ""));
  return [
    ...(flat ? [flattenedNote] : []),
    ...new Set(tables.flatMap(({ columns }) => columnNotes(columns))),
    ...new Set(tables.flatMap(({ references }) => referenceNotes(references))),
    ...(marks.has("▲") ? ["▲: significantly better than the baseline"] : []),
    ...(marks.has("▼") ? ["▼: significantly worse than the baseline"] : []),
  ];
}

/** The tables of one stage and split. */
function tablesOf(
  means: readonly MetricMean[],
  kinds: (found: ReadonlySet<string>) => readonly MetricKind[],
  { requested, flattened, references }: {
    readonly requested: ReadonlyMap<string, readonly RequestedVariant[]>;
    readonly flattened: FlattenedMark;
    readonly references: References;
  },
): HeadlineTable[] {
  const byPlace = new Map(means.map((mean) => [`${mean.metric}\n${mean.variant}`, mean]));
  const { stage, split } = means[0]!;
  const variants = requested.get(stage) ?? [];
  return kinds(new Set(means.map(({ metric }) => metric))).map(({ title, columns }) => ({
    stage,
    split,
    title,
    columns,
    references: referencesWith(references.beside(stage, split), columns.map((one) => one.metric)),
    rows: variants.map(({ variant, baseline }) => ({
      variant,
      baseline,
      flattened: flattened(stage, variant),
      cells: columns.map(({ metric }) => byPlace.get(`${metric}\n${variant}`)),
    })),
    seeds: mostSeeds(variants),
  }));
}
