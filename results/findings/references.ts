/**
 * Rows beside the variants of a table: what the oracles of an experiment reach on the same scenes, and
 * guessing on swapped pairs. They are not variants: nothing is compared with them or counted over them.
 */
import type { DuckDBConnection } from "@duckdb/node-api";
import { rowsOf } from "../database/read_results.ts";
import { literal } from "../database/question.ts";
import type { Variants } from "./variants.ts";

export interface ReferenceRow {
  /** The stage's name with spaces, `objects only`; `guessing`. */
  readonly name: string;
  readonly of: "oracle" | "guess";
  /** Of an oracle with several rows, on scenes that are swept: which it is. */
  readonly variant?: string;
  /** As stored: shares are fractions. Undefined where it has no such metric. */
  value(metric: string): ReferenceValue | undefined;
}

export interface ReferenceValue {
  readonly mean: number;
  /** Sample standard deviation over sets of scenes with several seeds; null for one. */
  readonly spread: number | null;
}

export interface References {
  /** Of the tables of a stage and split, in the experiment's order; empty without oracles. */
  beside(stage: string, split: string | null): readonly ReferenceRow[];
  /** Whether the numbers of an oracle are in the tables of other stages, so that it needs none. */
  isShownBeside(stage: string, split: string | null): boolean;
}

const noReferences: References = { beside: () => [], isShownBeside: () => false };

interface OracleMetric extends ReferenceValue {
  readonly stage: string;
  readonly variant: string;
  readonly split: string;
  readonly metric: string;
}

/** An oracle and a stage that was evaluated on the same scenes and split. */
interface Neighbours {
  readonly oracle: string;
  readonly variant: string;
  readonly stage: string;
  readonly split: string;
}

export async function referencesOf(
  connection: DuckDBConnection,
  request: string,
  { sql }: Variants,
): Promise<References> {
  const experiment = literal(request);
  const oracles = `${sql}, oracle AS (
  SELECT r.run, r.stage, r.position, coalesce(v.variant, '') AS variant, e.input AS scenes
  FROM experiment_run AS r
  JOIN stage_run AS s ON s.run = r.run AND s.kind = 'oracle'
  JOIN edge AS e ON e.run = r.run AND e.port = 'scenes'
  LEFT JOIN variant AS v ON v.run = r.run
  WHERE r.experiment = ${experiment}
)`;
  const metrics = await rowsOf<OracleMetric>(
    connection,
    `${oracles}
SELECT o.stage, o.variant, m.split, m.name AS metric, avg(m.value) AS mean,
  stddev_samp(m.value) AS spread
FROM oracle AS o JOIN metric AS m ON m.run = o.run
GROUP BY o.stage, o.variant, m.split, m.name
ORDER BY min(o.position), m.name`,
  );
  if (metrics.length === 0) return noReferences;
  const neighbours = await rowsOf<Neighbours>(
    connection,
    `${oracles}
SELECT DISTINCT o.stage AS oracle, o.variant, r.stage, m.split
FROM oracle AS o
JOIN ancestor AS a ON a.ancestor = o.scenes
JOIN experiment_run AS r ON r.run = a.run AND r.experiment = ${experiment}
JOIN stage_run AS s ON s.run = r.run AND s.kind <> 'oracle'
JOIN metric AS m ON m.run = r.run AND regexp_matches(m.name, '^((i2t|t2i)_r[0-9]+$|pair_)')
JOIN metric AS own ON own.run = o.run AND own.split = m.split`,
  );
  return {
    beside(stage, split) {
      const near = neighbours.filter((one) => one.stage === stage && one.split === split);
      const rows = [...new Set(metrics.map((one) => one.stage))].flatMap((oracle) => {
        const variants = near.filter((one) => one.oracle === oracle).map(({ variant }) => variant);
        return oracleRows(
          metrics.filter((one) =>
            one.stage === oracle && one.split === split && variants.includes(one.variant)
          ),
        );
      });
      return rows.length === 0 ? [] : [guessing, ...rows];
    },
    isShownBeside: (stage, split) =>
      neighbours.some((one) => one.oracle === stage && one.split === split),
  };
}

/** One row for each variant of an oracle, or one in all where they have the same numbers. */
function oracleRows(metrics: readonly OracleMetric[]): ReferenceRow[] {
  const variants = [...Map.groupBy(metrics, ({ variant }) => variant)].map(([variant, own]) => ({
    variant,
    values: new Map(own.map(({ metric, mean, spread }) => [metric, { mean, spread }])),
  }));
  const different = new Set(variants.map(({ values }) => JSON.stringify([...values])));
  const shown = different.size === 1 ? variants.slice(0, 1) : variants;
  const name = (metrics[0]?.stage ?? "").replaceAll("_", " ");
  return shown.map(({ variant, values }) => ({
    name: shown.length === 1 ? name : `${name}, ${variant}`,
    of: "oracle",
    ...(shown.length > 1 && { variant }),
    value: (metric) => values.get(metric),
  }));
}

/**
 * What scores that say nothing reach on swapped pairs: 1/4 of the captions, 1/4 of the pictures, 1/6 of both,
 * as derived in `stages/metric/pair_accuracy.ts`.
 */
const guessing: ReferenceRow = {
  name: "guessing",
  of: "guess",
  value(metric) {
    const [, test] = /^pair_(text|image|group)(_|$)/.exec(metric) ?? [];
    return test === undefined
      ? undefined
      : { mean: test === "group" ? 1 / 6 : 1 / 4, spread: null };
  },
};

/** Those with any of the metrics. */
export function referencesWith(
  rows: readonly ReferenceRow[],
  metrics: readonly string[],
): ReferenceRow[] {
  return rows.filter(({ value }) => metrics.some((metric) => value(metric) !== undefined));
}

/** What the rows are, a sentence part each. */
export function referenceNotes(rows: readonly ReferenceRow[]): string[] {
  const oracles = [...new Set(rows.filter(({ of }) => of === "oracle").map(({ name }) => name))];
  return [
    ...(oracles.length === 0
      ? []
      : [`${oracles.join(", ")}: expected values of oracles, which know the scenes`]),
    ...(rows.some(({ of }) => of === "guess") ? ["guessing: scores that say nothing"] : []),
  ];
}
