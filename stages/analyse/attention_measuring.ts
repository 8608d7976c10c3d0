/**
 * Relation distances of many pairs, without gradients. Pairs go through the encoder in blocks of a
 * fixed size. For each requested layer the program returns the distances of every alignment in both
 * directions, and the relations of each pair, if annotated distances need them.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { SquareMatrix } from "../metric/self_attention_distance.ts";
import type { Axes } from "../model/axes.ts";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { encodePairs } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import { type Alignment, alignmentLosses } from "../objective/alignment.ts";
import { attentionBlocks } from "../objective/self_attention.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compileOnce, type TensorTree } from "../tensorflow/programs/compile.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import {
  type ImageTable,
  imageTable,
  longestRows,
  type RowSizes,
  type TextTable,
  textTable,
} from "../batch/row_tables.ts";
import { takeImages, takeTexts } from "../batch/gather_rows.ts";
import { requireFit } from "../batch/model_fit.ts";

export interface MeasuringOptions {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** The encoder, on the device. */
  readonly weights: Weights;
  readonly alignments: readonly Alignment[];
  /** Counted from 0. */
  readonly layers: readonly number[];
  /** `each`: distances and relations of every head; `mean`: of the mean over heads, as if one head. */
  readonly heads: "mean" | "each";
  /** Whether to return the relations of the pairs, for annotated distances. */
  readonly relations: boolean;
  /** Pairs that go through the encoder together. */
  readonly block: number;
  readonly xla: boolean;
  readonly precision?: Precision | undefined;
}

/** A pair in one layer. */
export interface MeasuredLayer {
  readonly layer: number;
  /** For each alignment: the paper's L and V distance; with `each`, the mean over heads. */
  readonly distances: readonly { readonly text: number; readonly image: number }[];
  /** For each head, if requested: words to words and regions to regions, without padding. */
  readonly relations: readonly { readonly tokens: SquareMatrix; readonly regions: SquareMatrix }[];
}

export interface MeasuredPair {
  /** Row of the text; the image is the one it belongs to. */
  readonly text: number;
  readonly layers: readonly MeasuredLayer[];
}

/** Measures texts with their own images, block by block, in the given order. */
export async function* measurePairs(
  compute: Compute,
  config: Configuration,
  texts: readonly number[],
  options: MeasuringOptions,
): AsyncGenerator<readonly MeasuredPair[]> {
  const { set, index, weights, alignments, layers, heads, xla, precision } = options;
  requireFit(set, index, config);
  const longest = longestRows(set, index);
  const sizes: RowSizes = { ...longest, words: Math.max(3, longest.words) };
  const block = Math.min(options.block, texts.length);
  const program = compileOnce(compute, blockProgram(config, options), {
    name: "measure_relations",
    xla,
    decides: [config, alignments, layers, heads, options.relations, precision],
  });
  const table = textTable(set, index, sizes);
  try {
    for (let from = 0; from < texts.length; from += block) {
      const rows = texts.slice(from, from + block);
      const images = [...new Set(rows.map((text) => index.imageOfText[text]!))];
      const places = rows.map((text) => images.indexOf(index.imageOfText[text]!));
      const measured = runBlock(program, {
        weights,
        table,
        images: imageTable(set, images.map((row) => index.images[row]!), {
          regions: sizes.regions,
          rows: block,
        }),
        textRows: filled(rows, block),
        imageRows: filled(places, block),
      });
      yield rows.map((text, at) => ({
        text,
        layers: layers.map((layer, place) =>
          pairInLayer(measured[place]!, at, {
            layer,
            alignments: alignments.length,
            heads: heads === "mean" ? 1 : config.num_attention_heads,
            block,
            tokens: set.captions[index.captions[text]!]!.tokens.length,
            regions: set.images[index.images[index.imageOfText[text]!]!]!.regions,
            padded: { tokens: sizes.words - 2, regions: sizes.regions },
          })
        ),
      }));
    }
  } finally {
    tf.dispose(table as unknown as tf.TensorContainer);
  }
}

type BlockInputs = {
  readonly weights: Weights;
  readonly table: TextTable;
  readonly images: ImageTable;
  readonly textRows: tf.Tensor;
  readonly imageRows: tf.Tensor;
} & { readonly [name: string]: TensorTree };

/** The outputs of the program for a layer. */
type LayerTensors = {
  /** [alignment * 2, pair * head]: text, then image of the first alignment, of the second, and so on. */
  readonly distances: tf.Tensor;
  /** Words to words and regions to regions; empty if not requested. */
  readonly own:
    | readonly []
    | readonly [
      tokens: Axes<"pair token token">,
      regions: Axes<"pair region region">,
    ];
};

function blockProgram(
  config: Configuration,
  { alignments, layers, heads, relations, precision }: MeasuringOptions,
) {
  return ({ weights, table, images, textRows, imageRows }: BlockInputs): LayerTensors[] => {
    const { tokens, wordMask } = takeTexts(table, textRows);
    const { regionMask, ...regions } = takeImages(images, imageRows);
    const { entering } = encodePairs(weights, config, {
      textEmbedding: embedText(weights, config, tokens),
      wordMask,
      imageEmbedding: embedImage(weights, config, regions, { precision }),
      regionMask,
    }, { keep: "cls", precision });
    return layers.map((layer) => {
      const reading = { layer, heads };
      const blocks = attentionBlocks(weights, config, entering[layer]!, {
        wordMask,
        regionMask,
      }, reading);
      const distances = alignments.flatMap((alignment) =>
        (["text", "image"] as const).map((modality) => alignmentLosses(blocks, alignment, modality))
      );
      return {
        distances: tf.stack(distances),
        own: relations ? [blocks.tokenToToken, blocks.regionToRegion] as const : [] as const,
      };
    });
  };
}

/** The outputs for a layer, on the host. */
interface LayerValues {
  readonly distances: Float32Array;
  readonly own: readonly Float32Array[];
}

function runBlock(
  program: (inputs: BlockInputs) => readonly LayerTensors[],
  inputs: BlockInputs,
): LayerValues[] {
  const { images, textRows, imageRows } = inputs;
  const made = program(inputs);
  const read = (tensor: tf.Tensor) => tensor.dataSync<"float32">();
  const values = made.map(({ distances, own }) => ({
    distances: read(distances),
    own: own.map((relation) => read(relation)),
  }));
  tf.dispose([made, images, textRows, imageRows] as unknown as tf.TensorContainer);
  return values;
}

interface PairPlaces {
  readonly layer: number;
  readonly alignments: number;
  readonly heads: number;
  readonly block: number;
  readonly tokens: number;
  readonly regions: number;
  readonly padded: { readonly tokens: number; readonly regions: number };
}

function pairInLayer(
  { distances, own: [tokens, regions] }: LayerValues,
  pair: number,
  { layer, alignments, heads, block, padded, ...sizes }: PairPlaces,
): MeasuredLayer {
  const first = pair * heads;
  const distance = (row: number) => {
    const start = row * block * heads + first;
    return distances.subarray(start, start + heads).reduce((sum, x) => sum + x, 0) / heads;
  };
  return {
    layer,
    distances: Array.from({ length: alignments }, (_, place) => ({
      text: distance(2 * place),
      image: distance(2 * place + 1),
    })),
    relations: tokens === undefined || regions === undefined
      ? []
      : Array.from({ length: heads }, (_, head) => ({
        tokens: corner(tokens, first + head, { size: sizes.tokens, padded: padded.tokens }),
        regions: corner(regions, first + head, { size: sizes.regions, padded: padded.regions }),
      })),
  };
}

/** The part of a padded matrix that is not padding. */
function corner(
  values: Float32Array,
  matrix: number,
  { size, padded }: { size: number; padded: number },
): SquareMatrix {
  const cut = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    const start = (matrix * padded + row) * padded;
    cut.set(values.subarray(start, start + size), row * size);
  }
  return { size, values: cut };
}

/** The rows of a block, padded with rows 0, whose results are dropped. */
function filled(rows: readonly number[], block: number): tf.Tensor {
  const all = new Int32Array(block);
  all.set(rows);
  return tf.tensor1d(all, "int32");
}
