/**
 * Captions and images of a split as tensors that stay on the device; steps name them by index.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { Axes } from "../model/axes.ts";

/** Rows are padded with zeros up to the longest caption and the image with most regions. */
export interface PairTables {
  readonly [name: string]: tf.Tensor;
  /** int32 ids with [CLS] and [SEP]. */
  readonly tokens: Axes<"text word">;
  /** int32, how many of a row's words are there. */
  readonly words: tf.Tensor;
  readonly features: Axes<"image region feature">;
  readonly boxes: Axes<"image region box">;
  /** int32, how many of a row's regions are there. */
  readonly regions: tf.Tensor;
}

/** What a table's rows are, on the host. */
export interface TableIndex {
  /** Row of a text -> index into `FeatureSet.captions`. */
  readonly captions: readonly number[];
  /** Row of an image -> index into `FeatureSet.images`. */
  readonly images: readonly number[];
  /** Row of a text -> row of its image. */
  readonly imageOfText: readonly number[];
  /** Row of an image -> rows of its captions. */
  readonly textsOfImage: readonly (readonly number[])[];
}

export function indexSplit(set: FeatureSet, split: string): TableIndex {
  const rows = (items: readonly { split: string }[]) =>
    items.flatMap((item, place) => item.split === split ? [place] : []);
  const captions = rows(set.captions);
  const images = rows(set.images);
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const imageOfText = captions.map((caption) => rowOfImage.get(set.captions[caption]!.image)!);
  const textsOfImage: number[][] = images.map(() => []);
  imageOfText.forEach((image, text) => textsOfImage[image]!.push(text));
  return { captions, images, imageOfText, textsOfImage };
}

/**
 * @param longest word places (with [CLS] and [SEP]) and regions of a row; by default those of this
 * split. Programs are compiled for these sizes.
 */
export function pairTables(
  set: FeatureSet,
  index: TableIndex,
  longest: { readonly words: number; readonly regions: number } = longestRows(set, index),
): PairTables {
  const { cls, sep } = set.vocabulary;
  const texts = index.captions.length;
  const tokens = new Int32Array(texts * longest.words);
  const words = new Int32Array(texts);
  index.captions.forEach((caption, row) => {
    const ids = [cls, ...set.captions[caption]!.tokens, sep];
    tokens.set(ids, row * longest.words);
    words[row] = ids.length;
  });
  const images = index.images.length;
  const dim = set.featureDim;
  const features = new Float32Array(images * longest.regions * dim);
  const boxes = new Float32Array(images * longest.regions * 7);
  const regions = new Int32Array(images);
  index.images.forEach((image, row) => {
    const { offset, regions: count } = set.images[image]!;
    const from = set.features.subarray(offset * dim, (offset + count) * dim);
    features.set(from, row * longest.regions * dim);
    boxes.set(set.boxes.subarray(offset * 7, (offset + count) * 7), row * longest.regions * 7);
    regions[row] = count;
  });
  return {
    tokens: tf.tensor2d(tokens, [texts, longest.words], "int32"),
    words: tf.tensor1d(words, "int32"),
    features: tf.tensor3d(features, [images, longest.regions, dim]),
    boxes: tf.tensor3d(boxes, [images, longest.regions, 7]),
    regions: tf.tensor1d(regions, "int32"),
  };
}

export function longestRows(
  set: FeatureSet,
  index: TableIndex,
): { words: number; regions: number } {
  const words = (most: number, caption: number) =>
    Math.max(most, set.captions[caption]!.tokens.length + 2);
  const regions = (most: number, image: number) => Math.max(most, set.images[image]!.regions);
  return { words: index.captions.reduce(words, 2), regions: index.images.reduce(regions, 1) };
}

/** Texts by row, within a recorded function. @param rows int32 [text] */
export function takeTexts(tables: PairTables, rows: tf.Tensor) {
  const tokens = tf.gather(tables.tokens as tf.Tensor, rows);
  return { tokens, wordMask: firstPlaces(tf.gather(tables.words, rows), tokens.shape[1]!) };
}

/** Images by row, within a recorded function. @param rows int32 [image] */
export function takeImages(tables: PairTables, rows: tf.Tensor) {
  const features = tf.gather(tables.features as tf.Tensor, rows);
  return {
    features,
    boxes: tf.gather(tables.boxes as tf.Tensor, rows),
    regionMask: firstPlaces(tf.gather(tables.regions, rows), features.shape[1]!),
  };
}

/** 1 at the first `counts` of `places` places, else 0: float32 [row, place]. */
function firstPlaces(counts: tf.Tensor, places: number): tf.Tensor {
  const place = tf.range(0, places, 1, "int32");
  return tf.cast(tf.less(tf.expandDims(place, 0), tf.expandDims(counts, 1)), "float32");
}
