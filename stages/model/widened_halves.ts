/**
 * Float16 numbers on the device, a type that tfjs does not have. They are stored as int32, two in each: the
 * first in the lower bits, as in memory. The kernel `WidenedHalves` makes float32 of them, which is exact;
 * each backend implements it: TensorFlow in `stages/tensorflow/kernels/widened_halves.ts`, tfjs's CPU
 * backend below, as the oracle.
 */
import * as tf from "@tensorflow/tfjs-core";

export const WidenedHalves = "WidenedHalves";

/**
 * @param pairs int32 [..., n], two float16 in each
 * @returns float32 [..., 2 n]
 */
export function widenedHalves(pairs: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel(WidenedHalves, { pairs });
}

/** The kernel for tfjs's own CPU backend. */
export function registerWidenedHalvesForCpu(): void {
  tf.registerKernel({
    kernelName: WidenedHalves,
    backendName: "cpu",
    kernelFunc: ({ inputs }) => {
      const pairs = inputs["pairs"] as tf.Tensor;
      const halves = new Float16Array(Int32Array.from(pairs.dataSync<"int32">()).buffer);
      return tf.tensor(Float32Array.from(halves), widenedShape(pairs.shape), "float32");
    },
  });
}

/** [..., n] -> [..., 2 n] */
export function widenedShape(shape: readonly number[]): number[] {
  return [...shape.slice(0, -1), 2 * shape.at(-1)!];
}
