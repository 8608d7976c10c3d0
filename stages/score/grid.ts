/** Scores of every text of a split with every image, in tiles of images and pieces of texts. */
import { rowLengths } from "../batch/row_tables.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { type ImageTile, type PairScorer, pairScorer, type ScorerOptions } from "./pair_scoring.ts";
import { keptOrNew, type KeptPieces, pairsOfPiece, piecesOf, textsByLength } from "./pieces.ts";

/** Images whose embeddings are on the device together: with 100 regions x 768 they take 39 MB. */
export const tileSize = 128;

export interface GridOptions extends Omit<ScorerOptions, "tile">, KeptPieces {
  /** At most this many images in a tile. */
  readonly imagesOfTile?: number;
  /** At most this many pairs in a piece, but at least one text. */
  readonly pairsOfPiece?: number;
  readonly after?: (done: number, total: number) => Promise<void>;
}

/** @returns raw rank scores, float32 [text, image] */
export async function scoreGrid(
  compute: Compute,
  config: Configuration,
  { after, imagesOfTile = tileSize, pairsOfPiece: pairs = pairsOfPiece, ...options }: GridOptions,
): Promise<Float32Array> {
  const texts = options.index.captions.length;
  const images = options.index.images.length;
  const tile = Math.min(imagesOfTile, images);
  const textsOfPiece = Math.min(texts, Math.max(1, Math.floor(pairs / tile)));
  const block = Math.min(options.block, textsOfPiece * tile);
  using scorer = pairScorer(compute, config, { ...options, tile, block });
  const grid = new Float32Array(texts * images);
  const order = textsByLength(options);
  let done = 0;
  let piece = 0;
  for (const rows of imageTiles(options, tile)) {
    using shown = whenNeeded(scorer, rows);
    for (const { from, to } of piecesOf(texts, textsOfPiece)) {
      const some = order.slice(from, to);
      const count = some.length * rows.length;
      const scores = await keptOrNew(options, { piece, count }, () =>
        shown.tile().score(
          Int32Array.from({ length: count }, (_, pair) => some[Math.floor(pair / rows.length)]!),
          Int32Array.from({ length: count }, (_, pair) => pair % rows.length),
          after && ((scored) => after(done + scored, grid.length)),
        ));
      for (const [at, text] of some.entries()) {
        const own = scores.subarray(at * rows.length, (at + 1) * rows.length);
        own.forEach((score, column) => grid[text * images + rows[column]!] = score);
      }
      piece++;
      done += count;
      await after?.(done, grid.length);
    }
  }
  return grid;
}

/** A tile that is copied to the device when it is first used. */
export function whenNeeded(
  scorer: PairScorer,
  rows: readonly number[],
): Disposable & { tile(): ImageTile } {
  let made: ImageTile | undefined;
  return {
    tile: () => made ??= scorer.tile(rows),
    [Symbol.dispose]: () => made?.[Symbol.dispose](),
  };
}

/** Groups of image rows that go to the device together: images with similar numbers of regions. */
export function imageTiles(
  { set, index }: Pick<ScorerOptions, "set" | "index">,
  size: number,
): number[][] {
  const { regions } = rowLengths(set, index);
  const rows = [...regions.keys()].sort((a, b) => regions[a]! - regions[b]! || a - b);
  return [...piecesOf(rows.length, size)].map(({ from, to }) => rows.slice(from, to));
}
