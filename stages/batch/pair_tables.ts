/**
 * Captions and images as tensors on the device; steps name them by row. Captions of a split always
 * fit; images do when they are small or few, and come along with each step otherwise.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import type { Axes } from "../model/axes.ts";
import type { TrainingSplits } from "../data/splits.ts";
import type { Configuration } from "../model/configuration.ts";

/** Rows are padded with zeros up to the longest caption. */
export interface TextTable {
  readonly [name: string]: tf.Tensor;
  /** int32 ids with [CLS] and [SEP]. */
  readonly tokens: Axes<"text word">;
  /** int32, how many of a row's words are there. */
  readonly words: tf.Tensor;
}

/** Rows are padded with zeros up to the image with most regions. */
export interface ImageTable {
  readonly [name: string]: tf.Tensor;
  readonly features: Axes<"image region feature">;
  readonly boxes: Axes<"image region box">;
  /** int32, how many of a row's regions are there. */
  readonly regions: tf.Tensor;
}

export interface PairTables extends TextTable, ImageTable {
  readonly [name: string]: tf.Tensor;
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

/** Word places (with [CLS] and [SEP]) and regions of a row. Programs are compiled for these sizes. */
export interface RowSizes {
  readonly words: number;
  readonly regions: number;
}

/**
 * @param split or several, whose rows then lie in the order of the features
 * @throws {Complaint} for a split that is not there, or has no image or no caption
 */
export function indexSplit(set: FeatureSet, split: TrainingSplits): TableIndex {
  const splits = new Set([split].flat());
  for (const name of splits) requireSplit(set, name);
  const rows = (items: readonly { split: string }[]) =>
    items.flatMap((item, place) => splits.has(item.split) ? [place] : []);
  const captions = rows(set.captions);
  const images = rows(set.images);
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const imageOfText = captions.map((caption) => rowOfImage.get(set.captions[caption]!.image)!);
  const textsOfImage: number[][] = images.map(() => []);
  imageOfText.forEach((image, text) => textsOfImage[image]!.push(text));
  return { captions, images, imageOfText, textsOfImage };
}

function requireSplit({ images, captions }: FeatureSet, split: string): void {
  const count = (items: readonly { split: string }[]) =>
    items.reduce((sum, item) => sum + (item.split === split ? 1 : 0), 0);
  const [there, told] = [count(images), count(captions)];
  if (there > 0 && told > 0) return;
  const splits = [...new Set(images.map((image) => image.split))].join(", ");
  throw new Complaint(
    `split \`${split}\` has ${there} images and ${told} captions`,
    `name one of the splits that the features hold: ${splits}`,
    { exitCode: 1 },
  );
}

/** A split cut down to its first images, with their captions. */
export function firstImages(index: TableIndex, count: number): TableIndex {
  if (count >= index.images.length) return index;
  const kept = index.imageOfText.flatMap((image, text) => image < count ? [text] : []);
  const rowOfText = new Map(kept.map((text, row) => [text, row]));
  return {
    captions: kept.map((text) => index.captions[text]!),
    images: index.images.slice(0, count),
    imageOfText: kept.map((text) => index.imageOfText[text]!),
    textsOfImage: index.textsOfImage.slice(0, count)
      .map((texts) => texts.map((text) => rowOfText.get(text)!)),
  };
}

/** @param sizes of a row; by default those of this split */
export function pairTables(
  set: FeatureSet,
  index: TableIndex,
  sizes: RowSizes = longestRows(set, index),
): PairTables {
  return { ...textTable(set, index, sizes), ...imageTable(set, index.images, sizes) };
}

/** @param sizes of a row; longer texts are cut, and not to be taken */
export function textTable(
  set: FeatureSet,
  { captions }: TableIndex,
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

/**
 * @param images places in `FeatureSet.images`, one per row
 * @param rows of the table: more than images leave empty rows at its end
 */
export function imageTable(
  set: FeatureSet,
  images: readonly number[],
  { regions: most, rows = images.length }: Pick<RowSizes, "regions"> & { readonly rows?: number },
): ImageTable {
  const dim = set.featureDim;
  const features = new Float32Array(rows * most * dim);
  const boxes = new Float32Array(rows * most * 7);
  const regions = new Int32Array(rows);
  images.forEach((image, row) => {
    const read = set.regions.read(image);
    features.set(read.features, row * most * dim);
    boxes.set(read.boxes, row * most * 7);
    regions[row] = set.images[image]!.regions;
  });
  return {
    features: tf.tensor3d(features, [rows, most, dim]),
    boxes: tf.tensor3d(boxes, [rows, most, 7]),
    regions: tf.tensor1d(regions, "int32"),
  };
}

export function longestRows(set: FeatureSet, index: TableIndex): RowSizes {
  const words = (most: number, caption: number) =>
    Math.max(most, set.captions[caption]!.tokens.length + 2);
  const regions = (most: number, image: number) => Math.max(most, set.images[image]!.regions);
  return { words: index.captions.reduce(words, 2), regions: index.images.reduce(regions, 1) };
}

/** @throws {Complaint} for a caption or region that the model has no place or width for */
export function requireFit(set: FeatureSet, index: TableIndex, config: Configuration): void {
  const places = config.max_position_embeddings;
  const long = index.captions.map((caption) => set.captions[caption]!)
    .find(({ tokens }) => tokens.length + 2 > places);
  if (long !== undefined) {
    throw new Complaint(
      `caption \`${long.id}\` has ${long.tokens.length} word pieces; with [CLS] and [SEP] the ` +
        `model has ${places} positions`,
      "shorten it or leave it out of the data, or use a model with more positions",
      { exitCode: 1 },
    );
  }
  requireWidths(set, config);
}

/** As `requireFit`, where the longest caption is all that is known. */
export function requirePositions(words: number, config: Configuration): void {
  const places = config.max_position_embeddings;
  if (words <= places) return;
  throw new Complaint(
    `the longest caption takes ${words} positions with [CLS] and [SEP], the model has ${places}`,
    "leave long captions out of the data, or use a model with more positions",
    { exitCode: 1 },
  );
}

/** What features say of the model that reads them. */
export interface KnownWidths {
  readonly featureDim: number;
  readonly vocabulary: { readonly size: number };
}

/** @throws {Complaint} for regions or words that the model does not know */
export function requireWidths(
  { featureDim, vocabulary }: KnownWidths,
  config: Configuration,
): void {
  if (featureDim !== config.img_dim) {
    throw new Complaint(
      `the features have ${featureDim} numbers per region, the model takes ${config.img_dim}`,
      "use the features that the checkpoint was trained with, or initialise a model for these",
      { exitCode: 1 },
    );
  }
  if (vocabulary.size > config.vocab_size) {
    throw new Complaint(
      `the captions use ${vocabulary.size} words, the model knows ${config.vocab_size}`,
      "use captions that were cut with the checkpoint's own vocabulary",
      { exitCode: 1 },
    );
  }
}

/** Texts by row, within a recorded function. @param rows int32 [text] */
export function takeTexts(tables: TextTable, rows: tf.Tensor) {
  const tokens = tf.gather(tables.tokens as tf.Tensor, rows);
  return { tokens, wordMask: firstPlaces(tf.gather(tables.words, rows), tokens.shape[1]!) };
}

/** Images by row, within a recorded function. @param rows int32 [image] */
export function takeImages(tables: ImageTable, rows: tf.Tensor) {
  const features = tf.gather(tables.features as tf.Tensor, rows);
  return {
    features,
    boxes: tf.gather(tables.boxes as tf.Tensor, rows),
    regionMask: firstPlaces(tf.gather(tables.regions, rows), features.shape[1]!),
  };
}

/** 1 at the first `counts` of `places` places, else 0: float32 [row, place]. */
export function firstPlaces(counts: tf.Tensor, places: number): tf.Tensor {
  const place = tf.range(0, places, 1, "int32");
  return tf.cast(tf.less(tf.expandDims(place, 0), tf.expandDims(counts, 1)), "float32");
}
