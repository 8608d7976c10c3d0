/**
 * Leaving out parts of pictures while training, against overfitting: whole channels of an image's
 * features, and whole regions.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "./axes.ts";
import type { DeviceRandom } from "./keyed_random.ts";

/** Probabilities, 0 .. 1. */
export interface DropRates {
  /** Of a channel of an image's features, in all its regions alike. */
  readonly feature: number;
  readonly region: number;
}

/**
 * Features with channels left out: such a channel is 0 in all regions of the image, or `centre`; what
 * is left is divided by 1 - rate, so that sums stay as they are on average.
 * @param features [pair, region, feature], or [image, feature] of whole pictures
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
 * A mask with regions left out: each with probability `rate`, but one of each image stays.
 * @param mask float32, 1 for a region, 0 for padding.
 */
export function dropRegions(
  mask: Axes<"pair region">,
  { rate, random }: { readonly rate: number; readonly random: DeviceRandom },
): Axes<"pair region"> {
  if (rate === 0) return mask;
  const drawn = tf.mul(random.uniform([...mask.shape]), mask);
  // The luckiest region stays whatever it drew.
  const bar = tf.minimum(tf.max(drawn, 1, true), rate);
  return tf.mul(tf.cast(tf.greaterEqual(drawn, bar), "float32"), mask);
}
