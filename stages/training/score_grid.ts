/** The whole matrix of a split: every text with every image, tile by tile. */
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/backend.ts";
import { pairScorer, type ScorerOptions } from "./pair_scoring.ts";

/** Images whose embeddings lie on the device together: 100 regions x 768 are 39 MB for them all. */
export const tileSize = 128;

export interface GridOptions extends Omit<ScorerOptions, "tile"> {
  /** Images of a tile, at most. */
  readonly imagesOfTile?: number;
  /** Scores of a tile that an earlier, unfinished run has left. */
  readonly kept?: (tile: number, count: number) => Promise<Float32Array | undefined>;
  /** Keeps the scores of a tile. */
  readonly keep?: (tile: number, scores: Float32Array) => Promise<void>;
  readonly after?: (done: number, total: number) => Promise<void>;
}

/** Row-major [text, image]. */
export async function scoreGrid(
  compute: Compute,
  config: Configuration,
  { kept, keep, after, imagesOfTile = tileSize, ...options }: GridOptions,
): Promise<Float32Array> {
  const texts = options.index.captions.length;
  const images = options.index.images.length;
  const tile = Math.min(imagesOfTile, images);
  const block = Math.min(options.block, texts * tile);
  using scorer = pairScorer(compute, config, { ...options, tile, block });
  const grid = new Float32Array(texts * images);
  for (let from = 0; from < images; from += tile) {
    const width = Math.min(tile, images - from);
    const count = texts * width;
    const done = texts * from;
    const newScores = async (): Promise<Float32Array> => {
      using images = scorer.tile(Array.from({ length: width }, (_, place) => from + place));
      const pairs = Int32Array.from({ length: count }, (_, pair) => pair);
      const made = await images.score(
        pairs.map((pair) => Math.floor(pair / width)),
        pairs.map((pair) => pair % width),
        after && ((scored) => after(done + scored, grid.length)),
      );
      await keep?.(from / tile, made);
      return made;
    };
    const scores = await kept?.(from / tile, count) ?? await newScores();
    for (let text = 0; text < texts; text++) {
      grid.set(scores.subarray(text * width, (text + 1) * width), text * images + from);
    }
    await after?.(done + count, grid.length);
  }
  return grid;
}
