/** Every variant of an asking beside its baseline: how much better, how sure, and what cannot be told. */
import type { DuckDBConnection } from "@duckdb/node-api";
import { randomStream } from "../../pipeline/random_stream.ts";
import { rowsOf } from "../read_results.ts";
import { literal } from "../report/question.ts";
import { type Variants, variantsOf } from "../report/variants.ts";
import { type Clusters, meanDifference } from "./clusters.ts";
import { holm } from "./holm.ts";
import { imageDraws, pairedBootstrap } from "./paired_bootstrap.ts";
import { fewestImages, signFlipTest } from "./sign_flip_test.ts";

/** One recall of a variant beside the baseline's. Fractions, 0 .. 1. */
export interface Comparison {
  /** Name of the evaluating stage. */
  readonly stage: string;
  readonly split: string | null;
  /** i2t_r1, i2t_r5, i2t_r10, t2i_r1 … */
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
   * A true difference of this size would be found significant in four of five such tests, alone; at
   * least what so many queries can show at all. Infinite where they can show nothing.
   */
  readonly detectable: number;
  readonly seeds: number;
  readonly queries: number;
  /** What is resampled. */
  readonly images: number;
  /** Variants that were compared, this one among them. */
  readonly variants: number;
}

export const significanceLevel = 0.05;
export const intervalLevel = 0.95;
/** Decided here, so that a report says the same whenever it is made. */
const seed = 20210801;
const resamples = { bootstrap: 2000, permutation: 10_000 } as const;
/** Standard normal quantiles of 97.5 % and of 80 %, added. */
const powerQuantiles = 1.96 + 0.84;

const cutoffs = [1, 5, 10] as const;

interface ClusterRow {
  readonly stage: string;
  readonly split: string | null;
  readonly direction: string;
  readonly variant: string;
  readonly queries: number;
  readonly pairs: number;
  readonly seeds: number;
  readonly d1: number;
  readonly d5: number;
  readonly d10: number;
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
    ({ stage, split, direction }) => JSON.stringify([stage, split, direction]),
  );
  const draws = bootstrapDraws();
  return [...groups.values()].flatMap((group) =>
    cutoffs.flatMap((cutoff) => compareGroup(group, { cutoff, baseline, draws }))
  );
}

/**
 * The same draws of images for every variant and metric of as many images: their intervals differ by
 * what was found alone.
 */
function bootstrapDraws(): (images: number) => Int32Array {
  const random = randomStream(seed).fork("bootstrap");
  const drawn = new Map<number, Int32Array>();
  return (images) => {
    const draws = drawn.get(images) ??
      imageDraws(images, { resamples: resamples.bootstrap, random });
    drawn.set(images, draws);
    return draws;
  };
}

/** One recall of all variants of a stage. */
function compareGroup(
  group: readonly ClusterRow[],
  { cutoff, baseline, draws }: {
    readonly cutoff: 1 | 5 | 10;
    readonly baseline: string;
    readonly draws: (images: number) => Int32Array;
  },
): Comparison[] {
  const byVariant = [...Map.groupBy(group, ({ variant }) => variant)];
  const tested = byVariant.map(([variant, rows]) => {
    const { stage, split, direction, seeds } = rows[0]!;
    const metric = `${direction}_r${cutoff}`;
    const clusters: Clusters = {
      sizes: Int32Array.from(rows, ({ pairs }) => pairs),
      differences: Int32Array.from(rows, (row) => row[`d${cutoff}`]),
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
        powerQuantiles * error,
        smallestShown(clusters, { tests: byVariant.length }),
      ),
      seeds,
      queries: rows.reduce((sum, { queries }) => sum + queries, 0),
      images: rows.length,
      variants: byVariant.length,
    };
  });
  const adjusted = holm(tested.map(({ p }) => p));
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

/** Per image: by how many hits a variant is ahead of the baseline, over its queries and the seeds of both. */
export function hitDifferences(asking: string, { sql }: Variants, baseline: string): string {
  const ahead = (cutoff: number) =>
    `sum((a.rank <= ${cutoff})::INTEGER - (b.rank <= ${cutoff})::INTEGER)::INTEGER AS d${cutoff}`;
  return `${sql}, hit AS (
  SELECT r.stage, r.position, q.split, q.direction, q.query, coalesce(q.image, q.query) AS image,
    q.rank, coalesce(v.variant, '') AS variant, coalesce(v.seed, '') AS seed
  FROM experiment_run AS r
  JOIN query_rank AS q ON q.run = r.run
  LEFT JOIN variant AS v ON v.run = r.run
  WHERE r.experiment = ${literal(asking)}
)
SELECT a.stage, a.split, a.direction, a.variant, count(DISTINCT a.query)::INTEGER AS queries,
  count(*)::INTEGER AS pairs, max(s.seeds)::INTEGER AS seeds,
  ${cutoffs.map(ahead).join(",\n  ")}
FROM hit AS a
JOIN hit AS b ON b.stage = a.stage AND b.split IS NOT DISTINCT FROM a.split
  AND b.direction = a.direction AND b.query = a.query AND b.seed = a.seed
JOIN (
  SELECT x.stage, x.split, x.variant, count(DISTINCT x.seed) AS seeds
  FROM hit AS x WHERE x.seed IN (
    SELECT y.seed FROM hit AS y WHERE y.stage = x.stage AND y.variant = ${literal(baseline)}
  )
  GROUP BY x.stage, x.split, x.variant
) AS s ON s.stage = a.stage AND s.split IS NOT DISTINCT FROM a.split AND s.variant = a.variant
WHERE b.variant = ${literal(baseline)} AND a.variant <> b.variant
GROUP BY a.stage, a.split, a.direction, a.variant, a.image
ORDER BY min(a.position), a.split, a.direction, a.variant, a.image`;
}
