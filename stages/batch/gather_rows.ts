/** Takes the rows of a batch from the tables. Called within recorded programs. */
import * as tf from "@tensorflow/tfjs-core";
import { dropChannels, type DropRates, dropRegions } from "../model/feature_drop.ts";
import type { DeviceRandom } from "../model/keyed_random.ts";
import { widenedHalves } from "../model/widened_halves.ts";
import type { ImageTable } from "./image_table.ts";
import type { TextTable } from "./row_tables.ts";

/** Texts by row. @param rows int32 [text] */
export function takeTexts(tables: TextTable, rows: tf.Tensor) {
  const tokens: tf.Tensor = tf.gather(tables.tokens, rows);
  return { tokens, wordMask: firstPlaces(tf.gather(tables.words, rows), tokens.shape[1]!) };
}

/**
 * Images by row, padded with zeros.
 * @param rows int32 [image]
 * @param options.places int32 [region]: 0, 1, .. as many as the largest of these images has regions, or
 * more; by default the table's. With both `drops` and `random`, channels and regions are dropped, as in
 * training
 */
export function takeImages(
  tables: ImageTable,
  rows: tf.Tensor,
  { places = tables.places, drops, random }: {
    readonly places?: tf.Tensor | undefined;
    readonly drops?: DropRates | undefined;
    readonly random?: DeviceRandom | undefined;
  } = {},
) {
  const counts = tf.gather(tables.regions, rows);
  const place = tf.expandDims(places, 0);
  const there = tf.less(place, tf.expandDims(counts, 1));
  const ownRows = tf.add(tf.expandDims(tf.gather(tables.firstRows, rows), 1), place);
  const tableRows = tf.mul(ownRows, tf.cast(there, "int32")); // padding is row 0
  const stored = tf.gather(tables.features, tableRows);
  const features = stored.dtype === "int32" ? widenedHalves(stored) : stored;
  const boxes: tf.Tensor = tf.gather<tf.Tensor>(tables.boxes, tableRows);
  const regionMask = tf.cast(there, "float32");
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
