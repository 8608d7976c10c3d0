/** Scores of every text of a split with every image, in tiles of images. */
import type { Configuration } from "../model/configuration.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { pairScorer, type ScorerOptions } from "./pair_scoring.ts";

/** Images whose embeddings are on the device together: with 100 regions x 768 they take 39 MB. */
export const tileSize = 128;

export interface GridOptions extends Omit<ScorerOptions, "tile"> {
  /** At most this many images in a tile. */
  readonly imagesOfTile?: number;
  /** Scores of a tile that an earlier, unfinished run has kept. */
  readonly kept?: (tile: number, count: number) => Promise<Float32Array | undefined>;
  /** Keeps the scores of a tile for a later run. */
  readonly keep?: (tile: number, scores: Float32Array) => Promise<void>;
  readonly after?: (done: number, total: number) => Promise<void>;
}

/** @returns raw rank scores, float32 [text, image] */
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
  let done = 0;
  for (const [place, rows] of imageTiles(options, tile).entries()) {
    const width = rows.length;
    const count = texts * width;
    const newScores = async (): Promise<Float32Array> => {
      using images = scorer.tile(rows);
      const pairs = Int32Array.from({ length: count }, (_, pair) => pair);
      const made = await images.score(
        pairs.map((pair) => Math.floor(pair / width)),
        pairs.map((pair) => pair % width),
        after && ((scored) => after(done + scored, grid.length)),
      );
      await keep?.(place, made);
      return made;
    };
    const scores = await kept?.(place, count) ?? await newScores();
    scores.forEach((score, pair) =>
      grid[Math.floor(pair / width) * images + rows[pair % width]!] = score
    );
    done += count;
    await after?.(done, grid.length);
  }
  return grid;
}

/** Groups of image rows that go to the device together: images with similar numbers of regions. */
export function imageTiles(
  { set, index }: Pick<ScorerOptions, "set" | "index">,
  size: number,
): number[][] {
  const regions = (row: number) => set.images[index.images[row]!]!.regions;
  const rows = [...index.images.keys()].sort((a, b) => regions(a) - regions(b) || a - b);
  return Array.from(
    { length: Math.ceil(rows.length / size) },
    (_, place) => rows.slice(place * size, (place + 1) * size),
  );
}
