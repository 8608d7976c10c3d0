/** Row-stochastic matrices for tests: soft rows, and rows with all or nearly all in one place. */
import * as tf from "@tensorflow/tfjs-core";
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import type { AttentionBlocks } from "../../stages/objective/self_attention.ts";

export type Matrix = number[][];

export interface LooseBlocks {
  readonly tokenToToken: Matrix;
  readonly regionToRegion: Matrix;
  readonly tokenToRegion: Matrix;
  readonly regionToToken: Matrix;
}

/**
 * @param options.sharp the chance of a row with 1 in one place and 0 or 1e-38 in the others, of which
 *   softmax in float32 is capable.
 */
export function looseBlocks(
  seed: number,
  { tokens, regions, sharp = 0.2 }: { tokens: number; regions: number; sharp?: number },
): LooseBlocks {
  const random = randomStream(seed);
  const block = (purpose: string, rows: number, columns: number) =>
    Array.from(
      { length: rows },
      (_, row) => stochasticRow(random.fork(purpose).fork(row), columns, sharp),
    );
  return {
    tokenToToken: block("LL", tokens, tokens),
    regionToRegion: block("VV", regions, regions),
    tokenToRegion: block("LV", tokens, regions),
    regionToToken: block("VL", regions, tokens),
  };
}

/** One batch of pairs of different sizes; padded rows hold what a softmax may leave there. */
export function blocksOf(pairs: readonly LooseBlocks[], extra = 0): AttentionBlocks {
  const tokenCounts = pairs.map((pair) => pair.tokenToToken.length);
  const regionCounts = pairs.map((pair) => pair.regionToRegion.length);
  const tokens = Math.max(...tokenCounts) + extra;
  const regions = Math.max(...regionCounts) + extra;
  const batch = (name: keyof LooseBlocks, rows: number, columns: number) =>
    tf.tensor3d(pairs.map((pair) => padded(pair[name], rows, columns)));
  return {
    tokenToToken: batch("tokenToToken", tokens, tokens),
    regionToRegion: batch("regionToRegion", regions, regions),
    tokenToRegion: batch("tokenToRegion", tokens, regions),
    regionToToken: batch("regionToToken", regions, tokens),
    tokenMask: mask(tokenCounts, tokens),
    regionMask: mask(regionCounts, regions),
  };
}

function stochasticRow(random: RandomStream, columns: number, sharp: number): number[] {
  if (random.uniform(0) < sharp) {
    const place = random.integer(1, columns);
    const rest = random.integer(2, 2) === 0 ? 0 : 1e-38;
    return Array.from({ length: columns }, (_, column) => column === place ? 1 : rest);
  }
  const weights = Array.from(
    { length: columns },
    (_, column) => Math.exp(3 * random.normal(column + 1)),
  );
  const sum = weights.reduce((total, weight) => total + weight);
  return weights.map((weight) => weight / sum);
}

/** Real rows attend to no padding; padded rows attend to whatever is there. */
function padded(matrix: Matrix, rows: number, columns: number): Matrix {
  const there = matrix[0]!.length;
  return Array.from(
    { length: rows },
    (_, row) =>
      Array.from(
        { length: columns },
        (_, column) =>
          row < matrix.length ? matrix[row]![column] ?? 0 : column < there ? 1 / there : 0,
      ),
  );
}

function mask(counts: number[], length: number): tf.Tensor2D {
  return tf.tensor2d(
    counts.map((count) => Array.from({ length }, (_, place) => place < count ? 1 : 0)),
  );
}
