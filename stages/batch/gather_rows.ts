/** Takes the rows of a batch from the tables. Called within recorded programs. */
import * as tf from "@tensorflow/tfjs-core";
import { dropChannels, type DropRates, dropRegions } from "../model/feature_drop.ts";
import type { DeviceRandom } from "../model/keyed_random.ts";
import type { ImageTable, TextTable } from "./row_tables.ts";

/** Texts by row. @param rows int32 [text] */
export function takeTexts(tables: TextTable, rows: tf.Tensor) {
  const tokens: tf.Tensor = tf.gather(tables.tokens, rows);
  return { tokens, wordMask: firstPlaces(tf.gather(tables.words, rows), tokens.shape[1]!) };
}

/**
 * Images by row.
 * @param rows int32 [image]
 * @param options with both `drops` and `random`, channels and regions are dropped, as in training
 */
export function takeImages(
  tables: ImageTable,
  rows: tf.Tensor,
  { drops, random }: {
    readonly drops?: DropRates | undefined;
    readonly random?: DeviceRandom | undefined;
  } = {},
) {
  const features: tf.Tensor = tf.gather(tables.features, rows);
  const boxes: tf.Tensor = tf.gather(tables.boxes, rows);
  const regionMask = firstPlaces(tf.gather(tables.regions, rows), features.shape[1]!);
  if (drops === undefined || random === undefined) return { features, boxes, regionMask };
  const channels = { rate: drops.feature, random: random.fork("channels") };
  const regions = { rate: drops.region, random: random.fork("regions") };
  return {
    features: dropChannels(features, channels),
    boxes,
    regionMask: dropRegions(regionMask, regions),
  };
}

/** A mask, float32 [row, place]: 1 in the first `counts` [row] of the places, else 0. */
export function firstPlaces(counts: tf.Tensor, places: number): tf.Tensor {
  const place = tf.range(0, places, 1, "int32");
  return tf.cast(tf.less(tf.expandDims(place, 0), tf.expandDims(counts, 1)), "float32");
}
