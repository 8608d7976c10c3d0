/**
 * Scores many pairs of a split, without gradients. Images are copied to the device and embedded once,
 * one tile at a time, so a split of any size fits. Pairs go through the encoder in blocks of a fixed
 * size. To limit padding, a block has only as many word positions as its texts need, and a tile as
 * many region positions as its images; both are rounded up to multiples of 16, so that a few compiled
 * programs suffice.
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
import { longestRows, type TextTable, textTable } from "../batch/row_tables.ts";
import { takeImages, takeTexts } from "../batch/gather_rows.ts";
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
  const wordPlaces = (text: number) =>
    places(set.captions[index.captions[text]!]!.tokens.length + 2, longest.words);
  const tables = new Map(
    [...new Set(index.captions.map((_, text) => wordPlaces(text)))].sort((a, b) => a - b)
      .map((words) => [words, textTable(set, index, { words })]),
  );
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
          const scores = new Float32Array(texts.length);
          let before = 0;
          for (const [words, table] of tables) {
            const pairs = [...texts.keys()].filter((pair) => wordPlaces(texts[pair]!) === words);
            const made = await inBlocks(
              Int32Array.from(pairs, (pair) => texts[pair]!),
              Int32Array.from(pairs, (pair) => images[pair]!),
              { block, after: after && ((done) => after(before + done)) },
              (texts, images) => scoreBlock({ weights, table, embedded, texts, images }),
            );
            pairs.forEach((pair, at) => scores[pair] = made[at]!);
            before += pairs.length;
          }
          return scores;
        },
        [Symbol.dispose]: () => tf.dispose(embedded as unknown as tf.TensorContainer),
      };
    },
    [Symbol.dispose]: () => tf.dispose([...tables.values()] as unknown as tf.TensorContainer),
  };
}

/** Positions for a row of this length. */
const places = (length: number, most: number) => Math.min(Math.ceil(length / 16) * 16, most);

type BlockInputs = {
  readonly weights: Weights;
  readonly table: TextTable;
  readonly embedded: Readonly<Record<string, tf.Tensor>>;
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
} & { readonly [name: string]: TensorTree };

async function inBlocks(
  texts: Int32Array,
  images: Int32Array,
  { block, after }: { block: number; after: ((done: number) => Promise<void>) | undefined },
  scoreBlock: (texts: tf.Tensor, images: tf.Tensor) => tf.Tensor,
): Promise<Float32Array> {
  const scores = new Float32Array(texts.length);
  for (let from = 0; from < texts.length; from += block) {
    const to = Math.min(from + block, texts.length);
    // The last block is padded with pairs of rows 0; their scores are dropped.
    const rows = (all: Int32Array) => {
      const filled = new Int32Array(block);
      filled.set(all.subarray(from, to));
      return tf.tensor1d(filled, "int32");
    };
    const [textRows, imageRows] = [rows(texts), rows(images)];
    const result = scoreBlock(textRows, imageRows);
    scores.set(result.dataSync<"float32">().subarray(0, to - from), from);
    tf.dispose([textRows, imageRows, result]);
    await after?.(to);
  }
  return scores;
}
