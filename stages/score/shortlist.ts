/**
 * Two-stage ranking: the branches choose a shortlist, and only its pairs go through the cross-encoder.
 * All other pairs rank below, in the order of the branches.
 */
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { pairScorer, type ScorerOptions } from "./pair_scoring.ts";
import { imageTiles, tileSize } from "./grid.ts";

export interface ShortlistSizes {
  readonly texts: number;
  readonly images: number;
  /** Images per text; texts per image are this many times the average number of texts of an image. */
  readonly count: number;
}

/** @returns places in the flattened matrix [text, image], ascending */
export function shortlisted(
  cosines: Float32Array,
  { texts, images, count }: ShortlistSizes,
): Int32Array {
  const rows = (length: number, placeOf: (at: number) => number, kept: number) =>
    Array.from({ length }, (_, at) => placeOf(at))
      .sort((a, b) => cosines[b]! - cosines[a]! || a - b)
      .slice(0, kept);
  const chosen = new Set<number>();
  for (let text = 0; text < texts; text++) {
    for (const place of rows(images, (image) => text * images + image, count)) chosen.add(place);
  }
  const ofImage = Math.ceil(count * texts / images);
  for (let image = 0; image < images; image++) {
    for (const place of rows(texts, (text) => text * images + image, ofImage)) chosen.add(place);
  }
  return Int32Array.from(chosen).sort();
}

export interface ShortlistOptions extends Omit<ScorerOptions, "tile"> {
  readonly places: Int32Array;
  readonly after?: (done: number, total: number) => Promise<void>;
}

/** Raw rank scores of the pairs at these places, in the same order. */
export async function scoreShortlist(
  compute: Compute,
  config: Configuration,
  { places, after, ...options }: ShortlistOptions,
): Promise<Float32Array> {
  const images = options.index.images.length;
  const tile = Math.min(tileSize, images);
  const block = Math.min(options.block, places.length);
  using scorer = pairScorer(compute, config, { ...options, tile, block });
  const scores = new Float32Array(places.length);
  let done = 0;
  for (const tileRows of imageTiles(options, tile)) {
    const placeOf = new Map(tileRows.map((image, place) => [image, place]));
    const rows = [...places.keys()].filter((row) => placeOf.has(places[row]! % images));
    using shown = scorer.tile(tileRows);
    const before = done;
    const made = await shown.score(
      Int32Array.from(rows, (row) => Math.floor(places[row]! / images)),
      Int32Array.from(rows, (row) => placeOf.get(places[row]! % images)!),
      after && ((scored) => after(before + scored, places.length)),
    );
    rows.forEach((row, at) => scores[row] = made[at]!);
    done += rows.length;
  }
  return scores;
}

/** The whole matrix: the shortlist with its scores, all other pairs below its lowest score. */
export function withOthersBelow(
  cosines: Float32Array,
  places: Int32Array,
  scores: Float32Array,
): Float32Array {
  const lowest = scores.reduce((least, score) => Math.min(least, score), Infinity);
  const all = cosines.map((cosine) => lowest - 3 + cosine);
  places.forEach((place, row) => all[place] = scores[row]!);
  return all;
}

/** The matrix that scoring only the shortlist would give, from the scores of all pairs. */
export function rerankedScores(
  cosines: Float32Array,
  places: Int32Array,
  scores: Float32Array,
): Float32Array {
  return withOthersBelow(cosines, places, Float32Array.from(places, (place) => scores[place]!));
}
