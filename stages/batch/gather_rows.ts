/** Rows of the tables as the pairs of a batch, within a recorded function. */
import * as tf from "@tensorflow/tfjs-core";
import type { ImageTable, TextTable } from "./row_tables.ts";

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
