/**
 * Within each model: is the image of a caption with a lower ISDa ranked better? The number of objects
 * that a caption names affects both its ISDa and its rank, so the correlation is computed twice: plain,
 * and as a partial correlation given the number of annotated objects. Intervals are bootstrapped over
 * test images, each with all its captions, with the same draws for all models of a variant.
 */
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import { imageDraws, percentile } from "../statistics/paired_bootstrap.ts";
import { partialCorrelation } from "../statistics/rank_correlation.ts";
import {
  centredRanks,
  type RankedColumn,
  rankedColumn,
  weightedCorrelation,
} from "../statistics/weighted_ranks.ts";

/** A caption in one model and layer. */
export interface RankedCaption {
  /** Identifies the model by its analysis run and its evaluation run. */
  readonly run: string;
  readonly variant: string;
  readonly layer: number;
  readonly text: string;
  readonly image: string;
  readonly isda: number;
  /** Number of objects annotated in the caption and shown by a region. */
  readonly objects: number;
  /** Rank of the caption's image, from 1. */
  readonly rank: number;
}

/** Means over the models of a variant, in one layer. */
export interface QueryCorrelation {
  readonly variant: string;
  readonly layer: number;
  /** Correlation of ISDa and rank. */
  readonly plain: Estimate;
  /** Partial correlation given the number of objects; undefined where that number does not vary. */
  readonly partial: Estimate | undefined;
  /** Correlations of the number of objects with ISDa and with rank. */
  readonly objectsIsda: number | undefined;
  readonly objectsRank: number | undefined;
  /** The most captions that a model has. */
  readonly queries: number;
  readonly images: number;
  readonly models: number;
}

export interface Estimate {
  readonly rho: number;
  /** 95 % bootstrap interval; undefined where too few resamples have a correlation. */
  readonly interval: readonly [low: number, high: number] | undefined;
}

/** Fixed, so that a report is the same whenever it is written. */
const seed = 20210801;
const level = 0.95;
const resamples = { most: 1000, fewest: 200 } as const;
/** Limit on captions times resamples, unless that allows fewer than the fewest resamples. */
const budget = 60_000_000;
/** Share of the resamples that must have a correlation. */
const enough = 0.9;

export function queryCorrelations(captions: readonly RankedCaption[]): QueryCorrelation[] {
  const count = resampleCount(captions.length);
  const random = randomStream(seed).fork("query correlations");
  const draws = new Map<number, Int32Array>();
  const groups = Map.groupBy(captions, ({ variant, layer }) => JSON.stringify([variant, layer]));
  return [...groups.values()].flatMap((group) => {
    const images = new Set(group.map(({ image }) => image)).size;
    const drawn = draws.get(images) ?? drawCounts(images, { resamples: count, random });
    draws.set(images, drawn);
    return ofVariant(group, drawn);
  }).sort((a, b) => a.layer - b.layer || (a.variant < b.variant ? -1 : 1));
}

/** Number of resamples for this many captions. */
export function resampleCount(captions: number): number {
  const affordable = Math.floor(budget / Math.max(1, captions));
  return Math.max(resamples.fewest, Math.min(resamples.most, affordable));
}

/** How often each resample draws each image, one resample after another. */
function drawCounts(
  images: number,
  options: { readonly resamples: number; readonly random: RandomStream },
): Int32Array {
  const draws = imageDraws(images, options);
  const counts = new Int32Array(draws.length);
  draws.forEach((image, at) => counts[at - at % images + image]! += 1);
  return counts;
}

interface Correlations {
  readonly plain: number | undefined;
  readonly partial: number | undefined;
  readonly objectsIsda: number | undefined;
  readonly objectsRank: number | undefined;
}

/** @param counts draws of each image, one resample after another */
function ofVariant(group: readonly RankedCaption[], counts: Int32Array): QueryCorrelation[] {
  const places = new Map<string, number>();
  for (const { image } of group) if (!places.has(image)) places.set(image, places.size);
  const images = places.size;
  const models = [...Map.groupBy(group, ({ run }) => run).values()].map((rows) => ({
    rows,
    isda: rankedColumn(rows.map(({ isda }) => isda)),
    rank: rankedColumn(rows.map(({ rank }) => rank)),
    objects: rankedColumn(rows.map(({ objects }) => objects)),
    image: Int32Array.from(rows, ({ image }) => places.get(image)!),
  }));
  const over = (weights: Int32Array): Correlations =>
    meanCorrelations(
      models.map(({ isda, rank, objects, image }) =>
        correlationsOf({ isda, rank, objects }, image.map((place) => weights[place]!))
      ),
    );
  const found = over(new Int32Array(images).fill(1));
  if (found.plain === undefined) return [];
  const drawn = Array.from(
    { length: images < 2 ? 0 : counts.length / images },
    (_, at) => over(counts.subarray(at * images, (at + 1) * images)),
  );
  const { objectsIsda, objectsRank } = found;
  return [{
    variant: group[0]!.variant,
    layer: group[0]!.layer,
    plain: { rho: found.plain, interval: intervalOf(drawn.map(({ plain }) => plain)) },
    partial: found.partial === undefined ? undefined : {
      rho: found.partial,
      interval: intervalOf(drawn.map(({ partial }) => partial)),
    },
    objectsIsda,
    objectsRank,
    queries: Math.max(...models.map(({ rows }) => rows.length)),
    images,
    models: models.length,
  }];
}

function correlationsOf(
  { isda, rank, objects }: Readonly<Record<"isda" | "rank" | "objects", RankedColumn>>,
  weights: Int32Array,
): Correlations {
  const x = centredRanks(isda, weights);
  const y = centredRanks(rank, weights);
  const z = centredRanks(objects, weights);
  const plain = weightedCorrelation(x, y, weights);
  const objectsIsda = weightedCorrelation(x, z, weights);
  const objectsRank = weightedCorrelation(y, z, weights);
  return {
    plain,
    objectsIsda,
    objectsRank,
    partial: plain === undefined || objectsIsda === undefined || objectsRank === undefined
      ? undefined
      : partialCorrelation({ xy: plain, xz: objectsIsda, yz: objectsRank }),
  };
}

/** Means over the models that have the correlation. */
function meanCorrelations(models: readonly Correlations[]): Correlations {
  const mean = (name: keyof Correlations) => {
    const values = models.flatMap((model) => model[name] ?? []);
    return values.length === 0
      ? undefined
      : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    plain: mean("plain"),
    partial: mean("partial"),
    objectsIsda: mean("objectsIsda"),
    objectsRank: mean("objectsRank"),
  };
}

function intervalOf(drawn: readonly (number | undefined)[]): Estimate["interval"] {
  const defined = Float64Array.from(drawn.filter((value) => value !== undefined)).sort();
  if (defined.length === 0 || defined.length < enough * drawn.length) return undefined;
  return [percentile(defined, (1 - level) / 2), percentile(defined, (1 + level) / 2)];
}
