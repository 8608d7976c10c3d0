/**
 * Scores many pairs of a split, without gradients. Images are copied to the device and embedded once,
 * one tile at a time, so a split of any size fits. Pairs go through the encoder in blocks of a fixed
 * size, those with long texts first, so that only the last block is not full. To limit padding, a block
 * has only as many word positions as its texts need, one of a few numbers that suit the split, and a tile
 * as many region positions as its images, rounded up to a multiple of 16: a few compiled programs suffice.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { pairScores } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compileOnce } from "../tensorflow/programs/compile.ts";
import type { TensorTree } from "../tensorflow/programs/tensor_tree.ts";
import { requiredRows } from "../batch/required_rows.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { type ImageTable, imageTable } from "../batch/image_table.ts";
import { longestRows, rowLengths, type TextTable, textTable } from "../batch/row_tables.ts";
import { takeImages, takeTexts } from "../batch/gather_rows.ts";
import { fewWidths } from "../batch/few_widths.ts";
import { requireFit } from "../batch/model_fit.ts";

export interface PairScorer extends Disposable {
  /** Copies images to the device. @param images rows of the index */
  tile(images: readonly number[]): ImageTile;
}

export interface ImageTile extends Disposable {
  /**
   * Raw rank scores, float32, one per pair.
   * @param texts rows of the index @param images places in the tile, one per text
   */
  score(
    texts: Int32Array,
    images: Int32Array,
    after?: (done: number) => Promise<void>,
  ): Promise<Float32Array>;
}

export interface ScorerOptions {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** On the device: the encoder and the rank head. */
  readonly weights: Weights;
  /** Pairs that go through the encoder together. */
  readonly block: number;
  /** Number of images in a tile. */
  readonly tile: number;
  readonly xla: boolean;
  readonly precision?: Precision | undefined;
}

/**
 * Scores given pairs of rows of an index.
 * @param options.block the most pairs that go through the encoder together
 */
export async function scorePairs(
  compute: Compute,
  config: Configuration,
  { texts, images }: { readonly texts: readonly number[]; readonly images: readonly number[] },
  { after, ...options }: Omit<ScorerOptions, "tile"> & {
    readonly after?: ((done: number) => Promise<void>) | undefined;
  },
): Promise<Float32Array> {
  const rows = [...new Set(images)];
  const placeOf = new Map(rows.map((row, place) => [row, place]));
  const block = Math.min(options.block, texts.length);
  using scorer = pairScorer(compute, config, { ...options, block, tile: rows.length });
  using tile = scorer.tile(rows);
  const places = Int32Array.from(images, (row) => placeOf.get(row)!);
  return await tile.score(Int32Array.from(texts), places, after);
}

export function pairScorer(
  compute: Compute,
  config: Configuration,
  { set, index, weights, block, tile, xla, precision }: ScorerOptions,
): PairScorer {
  requireFit(set, index, config);
  const longest = longestRows(set, index);
  const { words } = rowLengths(set, index);
  const widths = fewWidths(words, textWidths);
  const tables = widths.map((words) => ({ words, table: textTable(set, index, { words }) }));
  const options = { xla, decides: [config, precision] };
  const embed = compileOnce(
    compute,
    ({ weights, images }: { weights: Weights; images: ImageTable }) => {
      const all = takeImages(images, tf.range(0, images.regions.shape[0]!, 1, "int32"));
      return { image: embedImage(weights, config, all, { precision }), regionMask: all.regionMask };
    },
    { name: "embed_images", ...options },
  );
  const scoreBlock = compileOnce(
    compute,
    ({ weights, table, embedded, texts, images }: BlockInputs) => {
      const { tokens, wordMask } = takeTexts(table, texts);
      return pairScores(weights, config, {
        textEmbedding: embedText(weights, config, tokens),
        wordMask,
        imageEmbedding: tf.gather(embedded["image"]!, images),
        regionMask: tf.gather(embedded["regionMask"]!, images),
      }, { precision });
    },
    { name: "score_pairs", ...options },
  );
  return {
    tile(rows) {
      const shown = rows.map((row) => index.images[row]!);
      const most = shown.reduce((most, image) => Math.max(most, set.images[image]!.regions), 1);
      const regions = places(most, longest.regions);
      const sizes = { regions, images: tile, capacity: tile * regions };
      const images = imageTable(set, shown, sizes);
      const embedded = embed({ weights, images });
      tf.dispose(images as unknown as tf.TensorContainer);
      return {
        async score(texts, images, after) {
          requiredRows(texts, { count: index.captions.length, what: "texts" });
          requiredRows(images, { count: rows.length, what: "images of a tile" });
          const order = [...texts.keys()].sort((a, b) =>
            words[texts[b]!]! - words[texts[a]!]! || a - b
          );
          const scores = new Float32Array(texts.length);
          for (let from = 0; from < order.length; from += block) {
            const pairs = order.slice(from, from + block);
            const longest = words[texts[pairs[0]!]!]!;
            const { table } = tables.find(({ words }) => words >= longest)!;
            // The last block is filled with pairs of rows 0; their scores are dropped.
            const rows = (all: Int32Array) =>
              tf.tensor1d(Int32Array.from({ length: block }, (_, at) => all[pairs[at]!] ?? 0));
            const inputs = { texts: rows(texts), images: rows(images) };
            const result = scoreBlock({ weights, table, embedded, ...inputs });
            const made = result.dataSync<"float32">();
            pairs.forEach((pair, at) => scores[pair] = made[at]!);
            tf.dispose([inputs, result]);
            await after?.(from + pairs.length);
          }
          return scores;
        },
        [Symbol.dispose]: () => tf.dispose(embedded as unknown as tf.TensorContainer),
      };
    },
    [Symbol.dispose]: () =>
      tf.dispose(tables.map(({ table }) => table) as unknown as tf.TensorContainer),
  };
}

/** Numbers of word positions, each with a program of its own. */
const textWidths = 4;

/** Region positions for a tile whose largest image has so many regions. */
const places = (length: number, most: number) => Math.min(Math.ceil(length / 16) * 16, most);

type BlockInputs = {
  readonly weights: Weights;
  readonly table: TextTable;
  readonly embedded: Readonly<Record<string, tf.Tensor>>;
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
} & { readonly [name: string]: TensorTree };
