/** Captions and images of a split as tensors on the device; steps refer to them by row. */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { PictureVectors } from "../data/picture_vectors.ts";
import type { Axes } from "../model/axes.ts";
import { type ImageTable, imageTable } from "./image_table.ts";
import type { SplitIndex } from "./split_index.ts";

/** Captions, padded with zeros to the length of the longest. */
export interface TextTable {
  readonly [name: string]: tf.Tensor;
  /** int32 ids with [CLS] and [SEP]. */
  readonly tokens: Axes<"text word">;
  /** int32 [text]: number of words, [CLS] and [SEP] included. */
  readonly words: tf.Tensor;
}

export interface PairTables extends TextTable, ImageTable {
  readonly [name: string]: tf.Tensor;
}

/** Words ([CLS] and [SEP] included) and regions of a row. Programs are compiled for these sizes. */
export interface RowSizes {
  readonly words: number;
  readonly regions: number;
}

/** @param sizes of a row; by default the largest of this split */
export function pairTables(
  set: FeatureSet,
  index: SplitIndex,
  sizes: RowSizes = longestRows(set, index),
): PairTables {
  return { ...textTable(set, index, sizes), ...imageTable(set, index.images, sizes) };
}

/** @param sizes of a row; longer texts are cut off, and their rows must not be used */
export function textTable(
  set: FeatureSet,
  { captions }: SplitIndex,
  sizes: Pick<RowSizes, "words">,
): TextTable {
  const { cls, sep } = set.vocabulary;
  const tokens = new Int32Array(captions.length * sizes.words);
  const words = new Int32Array(captions.length);
  captions.forEach((caption, row) => {
    const ids = [cls, ...set.captions[caption]!.tokens, sep];
    tokens.set(ids.slice(0, sizes.words), row * sizes.words);
    words[row] = ids.length;
  });
  return {
    tokens: tf.tensor2d(tokens, [captions.length, sizes.words], "int32"),
    words: tf.tensor1d(words, "int32"),
  };
}

/** Of each row of a split: words ([CLS] and [SEP] included), regions. */
export interface RowLengths {
  readonly words: readonly number[];
  readonly regions: readonly number[];
}

export function rowLengths(
  { captions, images }: Pick<FeatureSet, "captions" | "images">,
  index: SplitIndex,
): RowLengths {
  return {
    words: index.captions.map((caption) => captions[caption]!.tokens.length + 2),
    regions: index.images.map((image) => images[image]!.regions),
  };
}

/** The sizes that every row of a split fits in. */
export function longestRows(set: FeatureSet, index: SplitIndex): RowSizes {
  const { words, regions } = rowLengths(set, index);
  const longest = (lengths: readonly number[], least: number) =>
    lengths.reduce((most, length) => Math.max(most, length), least);
  return { words: longest(words, 2), regions: longest(regions, 1) };
}

/** Vectors of whole pictures: `pictures` [image, feature], and their mean `pictureMean` [1, feature]. */
export function pictureTable({ images }: Pick<SplitIndex, "images">, vectors: PictureVectors) {
  const width = vectors(images[0]!).length;
  const values = new Float32Array(images.length * width);
  const mean = new Float64Array(width);
  images.forEach((image, row) => {
    const vector = vectors(image);
    values.set(vector, row * width);
    vector.forEach((value, i) => mean[i]! += value / images.length);
  });
  return {
    pictures: tf.tensor2d(values, [images.length, width]),
    pictureMean: tf.tensor2d(Float32Array.from(mean), [1, width]),
  };
}
