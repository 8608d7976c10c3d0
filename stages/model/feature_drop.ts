/**
 * Dropout of parts of images, against overfitting: whole channels of an image's features, and whole
 * regions.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "./axes.ts";
import type { DeviceRandom } from "./keyed_random.ts";

/** Probabilities, 0 .. 1. */
export interface DropRates {
  /** Of a channel of an image's features, in all of its regions. */
  readonly feature: number;
  readonly region: number;
}

/**
 * Features with channels dropped: a dropped channel is 0, or `centre`, in all regions of the image. The
 * others are divided by 1 - rate, so expected values do not change.
 * @param features [pair, region, feature], or [image, feature] of whole images
 * @param centre [1, feature]; by default 0
 */
export function dropChannels(
  features: tf.Tensor,
  { rate, random, centre }: {
    readonly rate: number;
    readonly random: DeviceRandom;
    readonly centre?: tf.Tensor | undefined;
  },
): tf.Tensor {
  if (rate === 0) return features;
  const shape = features.shape.map((size, axis, { length }) => {
    return axis === 0 || axis === length - 1 ? size : 1;
  });
  const kept = tf.cast(tf.greaterEqual(random.uniform(shape), tf.scalar(rate)), "float32");
  const scale = tf.mul(kept, 1 / (1 - rate));
  if (centre === undefined) return tf.mul(features, scale);
  return tf.add(tf.mul(tf.sub(features, centre), scale), centre);
}

/**
 * A mask with regions dropped: each with probability `rate`, but at least one per image remains.
 * @param mask float32: 1 for a region, 0 for padding
 */
export function dropRegions(
  mask: Axes<"pair region">,
  { rate, random }: { readonly rate: number; readonly random: DeviceRandom },
): Axes<"pair region"> {
  if (rate === 0) return mask;
  const drawn = tf.mul(random.uniform([...mask.shape]), mask);
  // The region with the highest number always remains.
  const bar = tf.minimum(tf.max(drawn, 1, true), rate);
  return tf.mul(tf.cast(tf.greaterEqual(drawn, bar), "float32"), mask);
}
