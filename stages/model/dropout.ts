/** Dropout from counter-based random numbers, so that a resumed run drops what an unbroken run drops. */
import * as tf from "@tensorflow/tfjs-core";
import type { DeviceRandom } from "./keyed_random.ts";

/**
 * Each element is zero with probability `rate`, and divided by 1 - rate otherwise.
 * @param random a stream of this place alone; without one, `x` comes back as it is.
 */
export function dropout(
  x: tf.Tensor,
  { rate, random }: { readonly rate: number; readonly random?: DeviceRandom | undefined },
): tf.Tensor {
  if (random === undefined || rate === 0) return x;
  // The comparison sees random numbers alone, never the weights: nothing to differentiate.
  const kept = tf.cast(tf.greaterEqual(random.uniform(x.shape), tf.scalar(rate)), "float32");
  return tf.mul(x, tf.mul(kept, 1 / (1 - rate)));
}
