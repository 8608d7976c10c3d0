/**
 * Relation distances of many captions with their own and with a wrong picture, without gradients. Pairs
 * go through the encoder in blocks of a fixed size, half of them own pairs, half wrong ones. For each
 * requested layer the program returns the distances of every alignment in both directions, and of the
 * own pairs the entropy of their attention, and their relations, if annotated distances need them.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { SquareMatrix } from "../metric/self_attention_distance.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Weights } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compileOnce } from "../tensorflow/programs/compile.ts";
import { requiredRows } from "../batch/required_rows.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { imageTable } from "../batch/image_table.ts";
import { longestRows, type RowSizes, textTable } from "../batch/row_tables.ts";
import { requireFit } from "../batch/model_fit.ts";
import {
  type BlockInputs,
  blockProgram,
  type LayerTensors,
  type RelationReading,
} from "./relation_program.ts";

export interface MeasuringOptions extends RelationReading {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** The encoder, on the device. */
  readonly weights: Weights;
  /** Pairs that go through the encoder together. */
  readonly block: number;
  readonly xla: boolean;
}

/** The paper's L and V distance, nats per row; with `each`, the mean over heads. */
export interface BothDistances {
  readonly text: number;
  readonly image: number;
}

/** A pair in one layer. */
export interface MeasuredLayer {
  readonly layer: number;
  /** For each alignment, of the caption with its own picture. */
  readonly distances: readonly BothDistances[];
  /** For each alignment, of the caption with its wrong picture, if it has one. */
  readonly wrong: readonly BothDistances[] | undefined;
  /** Of S_LL, S_VV and S_LV, 0 .. 1; see `attentionEntropies`. With `each`, the mean over heads. */
  readonly entropies: { readonly text: number; readonly image: number; readonly cross: number };
  /** For each head, if requested: words to words and regions to regions, without padding. */
  readonly relations: readonly { readonly tokens: SquareMatrix; readonly regions: SquareMatrix }[];
}

/** A caption to measure, as rows of the split. */
export interface CaptionToMeasure {
  readonly text: number;
  /** An image that the caption is not true of. */
  readonly wrongImage: number | undefined;
}

export interface MeasuredPair extends CaptionToMeasure {
  readonly layers: readonly MeasuredLayer[];
}

/** Measures captions, block by block, in the given order. */
export async function* measurePairs(
  compute: Compute,
  config: Configuration,
  captions: readonly CaptionToMeasure[],
  options: MeasuringOptions,
): AsyncGenerator<readonly MeasuredPair[]> {
  const { set, index, weights, alignments, layers, heads, xla, precision } = options;
  requireFit(set, index, config);
  const longest = longestRows(set, index);
  const sizes: RowSizes = { ...longest, words: Math.max(3, longest.words) };
  const half = Math.min(Math.ceil(options.block / 2), captions.length);
  const program = compileOnce(compute, blockProgram(config, options), {
    name: "measure_relations",
    xla,
    decides: [config, alignments, layers, heads, options.relations, precision],
  });
  const table = textTable(set, index, sizes);
  try {
    for (let from = 0; from < captions.length; from += half) {
      const some = captions.slice(from, from + half);
      const texts = some.map(({ text }) => text);
      const own = texts.map((text) => index.imageOfText[text]!);
      const wrong = some.map(({ wrongImage }, place) => wrongImage ?? own[place]!);
      const images = [...new Set([...own, ...wrong])];
      const places = (rows: readonly number[]) => rows.map((row) => images.indexOf(row));
      const shown = { count: images.length, what: "images of a block" };
      const measured = runBlock(program, {
        weights,
        table,
        images: imageTable(set, images.map((row) => index.images[row]!), {
          regions: sizes.regions,
          images: 2 * half,
          capacity: 2 * half * sizes.regions,
        }),
        textRows: filled(texts, half, { count: index.captions.length, what: "texts" }),
        ownRows: filled(places(own), half, shown),
        wrongRows: filled(places(wrong), half, shown),
      });
      yield some.map((caption, at) => ({
        ...caption,
        layers: layers.map((layer, place) =>
          pairInLayer(measured[place]!, at, {
            layer,
            alignments: alignments.length,
            heads: heads === "mean" ? 1 : config.num_attention_heads,
            half,
            hasWrong: caption.wrongImage !== undefined,
            tokens: set.captions[index.captions[caption.text]!]!.tokens.length,
            regions: set.images[index.images[own[at]!]!]!.regions,
            padded: { tokens: sizes.words - 2, regions: sizes.regions },
          })
        ),
      }));
    }
  } finally {
    tf.dispose(table as unknown as tf.TensorContainer);
  }
}

/** The outputs for a layer, on the host. */
interface LayerValues {
  readonly distances: Float32Array;
  readonly entropies: Float32Array;
  readonly own: readonly Float32Array[];
}

function runBlock(
  program: (inputs: BlockInputs) => readonly LayerTensors[],
  inputs: BlockInputs,
): LayerValues[] {
  const { images, textRows, ownRows, wrongRows } = inputs;
  const made = program(inputs);
  const read = (tensor: tf.Tensor) => tensor.dataSync<"float32">();
  const values = made.map(({ distances, entropies, own }) => ({
    distances: read(distances),
    entropies: read(entropies),
    own: own.map((relation) => read(relation)),
  }));
  tf.dispose([made, images, textRows, ownRows, wrongRows] as unknown as tf.TensorContainer);
  return values;
}

interface PairPlaces {
  readonly layer: number;
  readonly alignments: number;
  readonly heads: number;
  /** Own pairs in a block; as many wrong ones follow. */
  readonly half: number;
  readonly hasWrong: boolean;
  readonly tokens: number;
  readonly regions: number;
  readonly padded: { readonly tokens: number; readonly regions: number };
}

function pairInLayer(
  { distances, entropies, own: [tokens, regions] }: LayerValues,
  pair: number,
  { layer, alignments, heads, half, hasWrong, padded, ...sizes }: PairPlaces,
): MeasuredLayer {
  const first = pair * heads;
  const mean = (values: Float32Array, start: number) =>
    values.subarray(start, start + heads).reduce((sum, x) => sum + x, 0) / heads;
  const bothDistances = (pair: number): BothDistances[] => {
    const distance = (row: number) => mean(distances, (row * 2 * half + pair) * heads);
    return Array.from({ length: alignments }, (_, place) => ({
      text: distance(2 * place),
      image: distance(2 * place + 1),
    }));
  };
  const entropy = (row: number) => mean(entropies, (row * half + pair) * heads);
  return {
    layer,
    distances: bothDistances(pair),
    wrong: hasWrong ? bothDistances(half + pair) : undefined,
    entropies: { text: entropy(0), image: entropy(1), cross: entropy(2) },
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

/** The rows of half a block, padded with rows 0, whose results are dropped. */
function filled(
  rows: readonly number[],
  half: number,
  table: { readonly count: number; readonly what: string },
): tf.Tensor {
  const all = new Int32Array(half);
  all.set(requiredRows(rows, table));
  return tf.tensor1d(all, "int32");
}
