/** Every variant of an asking beside its baseline: how much better, how sure, and what cannot be told. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { randomStream } from "../../pipeline/random_stream.ts";
import { rowsOf } from "../read_results.ts";
import { literal } from "../report/question.ts";
import { askedVariants, mostSeeds, type Variants, variantsOf } from "../report/variants.ts";
import { type Clusters, meanDifference } from "./clusters.ts";
import { holm } from "./holm.ts";
import { normalQuantile } from "./normal_quantile.ts";
import { imageDraws, pairedBootstrap } from "./paired_bootstrap.ts";
import { fewestImages, signFlipTest } from "./sign_flip_test.ts";

/** One recall or pair accuracy of a variant beside the baseline's. Fractions, 0 .. 1. */
export interface Comparison {
  /** Name of the evaluating stage. */
  readonly stage: string;
  readonly split: string | null;
  /** i2t_r1, i2t_r5, i2t_r10, t2i_r1 …, pair_text, pair_image, pair_group. */
  readonly metric: string;
  /** In words; so is the baseline. */
  readonly variant: string;
  readonly baseline: string;
  /** Variant minus baseline, mean over queries and over the seeds that both have. */
  readonly difference: number;
  /** 95 % of resampled test images have the difference between these. */
  readonly low: number;
  readonly high: number;
  /** Of the paired permutation test by itself, and among the variants (Holm). */
  readonly p: number;
  readonly pHolm: number;
  /** pHolm is at most 0.05. */
  readonly significant: boolean;
  /**
   * A true difference of this size would be found significant in about four of five such tests, at
   * the level that Holm holds the smallest p to; at least what so many queries can show at all.
   * Infinite where they can show nothing.
   */
  readonly detectable: number;
  /** That both have. */
  readonly seeds: number;
  /** The most that a variant was asked with. */
  readonly askedSeeds: number;
  readonly queries: number;
  /** What is resampled: images with their captions, or pairs of swapped pictures. */
  readonly images: number;
  /** Variants of the experiment beside the baseline, which p is corrected for. */
  readonly variants: number;
  /** Those of them that have no result yet. */
  readonly awaited: number;
}

export const significanceLevel = 0.05;
export const intervalLevel = 0.95;
/** Decided here, so that a report says the same whenever it is made. */
const seed = 20210801;
const resamples = { bootstrap: 2000, permutation: 10_000 } as const;
/** Share of true differences that are found where `detectable` is told. */
const power = 0.8;

/** What a query is judged by: three metrics of its direction, or of a pair of swapped pictures. */
const judgements: Readonly<Record<string, readonly string[]>> = {
  i2t: ["i2t_r1", "i2t_r5", "i2t_r10"],
  t2i: ["t2i_r1", "t2i_r5", "t2i_r10"],
  pair: ["pair_text", "pair_image", "pair_group"],
};
export const places = [0, 1, 2] as const;

/** An image, or pair of swapped pictures, of a variant. */
export interface ClusterRow {
  readonly stage: string;
  readonly split: string | null;
  /** Key of `judgements`. */
  readonly judged: string;
  readonly variant: string;
  readonly queries: number;
  readonly pairs: number;
  readonly seeds: number;
  /** Of the three metrics. */
  readonly d0: number;
  readonly d1: number;
  readonly d2: number;
}

/** Nothing for an experiment without a baseline, or with the baseline alone. */
export async function compareVariants(
  connection: DuckDBConnection,
  asking: string,
): Promise<Comparison[]> {
  const variants = await variantsOf(connection, asking);
  const { baseline } = variants;
  if (baseline === undefined) return [];
  const rows = await rowsOf<ClusterRow>(connection, hitDifferences(asking, variants, baseline));
  const groups = Map.groupBy(
    rows,
    ({ stage, split, judged }) => JSON.stringify([stage, split, judged]),
  );
  const draws = bootstrapDraws();
  const asked = await askedVariants(connection, asking, variants);
  return [...groups.values()].flatMap((group) => {
    const all = asked.get(group[0]!.stage) ?? [];
    const tests = all.filter(({ variant }) => variant !== baseline).length;
    const options = { baseline, draws, tests, askedSeeds: mostSeeds(all) };
    return places.flatMap((place) => compareGroup(group, { ...options, place }));
  });
}

/**
 * The same draws of images for every variant and metric of as many images: their intervals differ by
 * what was found alone.
 */
export function bootstrapDraws(): (images: number) => Int32Array {
  const random = randomStream(seed).fork("bootstrap");
  const drawn = new Map<number, Int32Array>();
  return (images) => {
    const draws = drawn.get(images) ??
      imageDraws(images, { resamples: resamples.bootstrap, random });
    drawn.set(images, draws);
    return draws;
  };
}

/** One metric of all variants of a stage. */
export function compareGroup(
  group: readonly ClusterRow[],
  { place, baseline, draws, tests, askedSeeds }: {
    /** In `judgements`. */
    readonly place: 0 | 1 | 2;
    readonly baseline: string;
    /** As many variants were asked, whether they are here or not. */
    readonly tests: number;
    readonly askedSeeds: number;
    readonly draws: (images: number) => Int32Array;
  },
): Comparison[] {
  const byVariant = [...Map.groupBy(group, ({ variant }) => variant)];
  const tested = byVariant.map(([variant, rows]) => {
    const { stage, split, judged, seeds } = rows[0]!;
    const metric = judgements[judged]![place]!;
    const clusters: Clusters = {
      sizes: Int32Array.from(rows, ({ pairs }) => pairs),
      differences: Int32Array.from(rows, (row) => row[`d${place}`]),
    };
    const { low, high, error } = pairedBootstrap(clusters, {
      draws: draws(rows.length),
      level: intervalLevel,
    });
    const random = randomStream(seed).fork(stage).fork(split ?? "").fork(metric);
    const { p } = signFlipTest(clusters.differences, {
      resamples: resamples.permutation,
      random: random.fork("signs"),
    });
    return {
      stage,
      split,
      metric,
      variant,
      baseline,
      difference: meanDifference(clusters),
      low,
      high,
      p,
      detectable: Math.max(
        (normalQuantile(1 - significanceLevel / tests / 2) + normalQuantile(power)) * error,
        smallestShown(clusters, { tests }),
      ),
      seeds,
      askedSeeds,
      queries: rows.reduce((sum, { queries }) => sum + queries, 0),
      images: rows.length,
      variants: tests,
      awaited: tests - byVariant.length,
    };
  });
  const adjusted = holm(tested.map(({ p }) => p), { tests });
  return tested.map((each, place) => ({
    ...each,
    pHolm: adjusted[place]!,
    significant: adjusted[place]! <= significanceLevel,
  }));
}

/** The least difference that these queries can show at all: one hit of each image that must differ. */
function smallestShown({ sizes }: Clusters, { tests }: { tests: number }): number {
  const images = fewestImages({ level: significanceLevel, tests });
  if (images > sizes.length) return Infinity;
  return images / sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Per image, or pair of swapped pictures: by how many hits a variant is ahead of the baseline, over its
 * queries and the seeds of both.
 */
export function hitDifferences(asking: string, { sql }: Variants, baseline: string): string {
  const columns = "coalesce(v.variant, '') AS variant, coalesce(v.seed, '') AS seed";
  return `${sql}, hit AS (
  ${
    hits({
      columns,
      joins: "LEFT JOIN variant AS v ON v.run = r.run",
      where: `r.experiment = ${literal(asking)}`,
    })
  }
)
SELECT a.stage, a.split, a.judged, a.variant, count(DISTINCT a.query)::INTEGER AS queries,
  count(*)::INTEGER AS pairs, max(s.seeds)::INTEGER AS seeds,
  ${places.map((place) => `sum(a.h${place} - b.h${place})::INTEGER AS d${place}`).join(", ")}
FROM hit AS a
JOIN hit AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
  AND b.judged = a.judged AND b.query = a.query AND b.seed = a.seed
JOIN (
  SELECT x.stage, x.split, x.variant, count(DISTINCT x.seed) AS seeds
  FROM hit AS x WHERE x.seed IN (
    SELECT y.seed FROM hit AS y WHERE y.stage = x.stage AND y.variant = ${literal(baseline)}
  )
  GROUP BY x.stage, x.split, x.variant
) AS s ON s.stage = a.stage AND s.split IS NOT DISTINCT FROM a.split AND s.variant = a.variant
WHERE b.variant = ${literal(baseline)} AND a.variant <> b.variant
GROUP BY a.stage, a.split, a.judged, a.variant, a.image
ORDER BY min(a.position), a.split, a.judged, a.variant, a.image`;
}

/** Queries and pairs of swapped pictures: whether each of three metrics counts them as right. */
export function hits(
  { columns, joins = "", where }: {
    readonly columns: string;
    readonly joins?: string;
    readonly where: string;
  },
): string {
  const from = (table: string) =>
    ["FROM experiment_run AS r", `JOIN ${table} AS q ON q.run = r.run`, ...(joins ? [joins] : [])]
      .join("\n  ");
  return `SELECT r.stage, r.position, q.split, q.direction AS judged, q.query,
    coalesce(q.image, q.query) AS image, ${columns},
    (q.rank <= 1)::INTEGER AS h0, (q.rank <= 5)::INTEGER AS h1, (q.rank <= 10)::INTEGER AS h2
  ${from("query_rank")}
  WHERE ${where}
  UNION ALL
  SELECT r.stage, r.position, m.split, 'pair' AS judged, q.pair AS query, q.pair AS image, ${columns},
    q.text_right::INTEGER AS h0, q.image_right::INTEGER AS h1, q.group_right::INTEGER AS h2
  ${from("pair_score")}
  JOIN metric AS m ON m.run = r.run AND m.name = 'pair_group'
  WHERE ${where} AND q.group_right IS NOT NULL`;
}
