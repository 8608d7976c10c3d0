/** Vectors of whole pictures on the device. */
import * as tf from "@tensorflow/tfjs-core";
import type { PictureVectors } from "../data/picture_vectors.ts";
import type { TableIndex } from "./pair_tables.ts";

/** `pictures` [image, feature], a row for each image of the index, and their mean [1, feature]. */
export function pictureTable({ images }: Pick<TableIndex, "images">, vectors: PictureVectors) {
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
