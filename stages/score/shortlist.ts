/**
 * Two-stage ranking: the branches choose a shortlist, and only its pairs go through the cross-encoder.
 * All other pairs rank below, in the order of the branches.
 */
import type { Configuration } from "../model/configuration.ts";
import { columnsOf } from "../metric/columns.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { imageTiles, tileSize, whenNeeded } from "./grid.ts";
import { highest } from "./highest.ts";
import { pairScorer, type ScorerOptions } from "./pair_scoring.ts";
import { keptOrNew, type KeptPieces, pairsOfPiece, piecesOf, textsByLength } from "./pieces.ts";

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
  const chosen = new Uint8Array(texts * images);
  for (let text = 0; text < texts; text++) {
    const row = text * images;
    for (const image of highest(images, count, (image) => cosines[row + image]!)) {
      chosen[row + image] = 1;
    }
  }
  const ofImage = Math.ceil(count * texts / images);
  let image = 0;
  for (const column of columnsOf(cosines, { rows: texts, columns: images })) {
    for (const text of highest(texts, ofImage, (text) => column[text]!)) {
      chosen[text * images + image] = 1;
    }
    image++;
  }
  const places = new Int32Array(chosen.reduce((sum, one) => sum + one, 0));
  for (let place = 0, at = 0; place < chosen.length; place++) {
    if (chosen[place] === 1) places[at++] = place;
  }
  return places;
}

export interface ShortlistOptions extends Omit<ScorerOptions, "tile">, KeptPieces {
  /** Ascending. */
  readonly places: Int32Array;
  /** At most this many images in a tile. */
  readonly imagesOfTile?: number;
  /** At most this many pairs in a piece. */
  readonly pairsOfPiece?: number;
  readonly after?: (done: number, total: number) => Promise<void>;
}

/** Raw rank scores of the pairs at these places, in the same order. */
export async function scoreShortlist(
  compute: Compute,
  config: Configuration,
  {
    places,
    after,
    imagesOfTile = tileSize,
    pairsOfPiece: pairs = pairsOfPiece,
    ...options
  }: ShortlistOptions,
): Promise<Float32Array> {
  const images = options.index.images.length;
  const tile = Math.min(imagesOfTile, images);
  const block = Math.min(options.block, pairs, places.length);
  using scorer = pairScorer(compute, config, { ...options, tile, block });
  const tiles = imageTiles(options, tile);
  const rowsOfTile = rowsByTile(places, { tiles, images, texts: textsByLength(options) });
  const scores = new Float32Array(places.length);
  let done = 0;
  let piece = 0;
  for (const [at, tileRows] of tiles.entries()) {
    const placeOf = new Map(tileRows.map((image, place) => [image, place]));
    using shown = whenNeeded(scorer, tileRows);
    for (const { from, to } of piecesOf(rowsOfTile[at]!.length, pairs)) {
      const rows = rowsOfTile[at]!.subarray(from, to);
      const made = await keptOrNew(
        options,
        { piece, count: rows.length },
        () =>
          shown.tile().score(
            rows.map((row) => Math.floor(places[row]! / images)),
            rows.map((row) => placeOf.get(places[row]! % images)!),
            after && ((scored) => after(done + scored, places.length)),
          ),
      );
      for (const [at, row] of rows.entries()) scores[row] = made[at]!;
      piece++;
      done += rows.length;
    }
  }
  return scores;
}

/** The rows of `places` that belong to each tile, in the order of the texts. */
function rowsByTile(
  places: Int32Array,
  { tiles, images, texts }: {
    readonly tiles: readonly (readonly number[])[];
    readonly images: number;
    readonly texts: readonly number[];
  },
): Int32Array[] {
  const tileOf = new Int32Array(images);
  tiles.forEach((rows, tile) => rows.forEach((image) => tileOf[image] = tile));
  const counts = new Int32Array(tiles.length);
  for (const place of places) counts[tileOf[place % images]!]!++;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  const next = new Int32Array(tiles.length);
  // The places of a text follow one another.
  const firstOf = new Int32Array(texts.length + 1);
  for (const place of places) firstOf[Math.floor(place / images) + 1]!++;
  for (let text = 0; text < texts.length; text++) firstOf[text + 1]! += firstOf[text]!;
  for (const text of texts) {
    for (let row = firstOf[text]!; row < firstOf[text + 1]!; row++) {
      const tile = tileOf[places[row]! % images]!;
      rows[tile]![next[tile]!++] = row;
    }
  }
  return rows;
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
