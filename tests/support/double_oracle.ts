/**
 * tfjs's CPU backend as an exact oracle: it computes in doubles, and its erf is good to a double's
 * precision.
 */
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { KeyedUniform, registerKeyedUniformForCpu } from "../../stages/model/keyed_random.ts";
import { registerWidenedHalvesForCpu, WidenedHalves } from "../../stages/model/widened_halves.ts";

let registered = false;

/** Registers what the CPU backend is missing, and erf: tfjs's own is good to 1.5e-7 only. */
export function registerExactKernels(): void {
  if (registered) return;
  registered = true;
  if (tf.getKernel(KeyedUniform, "cpu") == null) registerKeyedUniformForCpu();
  if (tf.getKernel(WidenedHalves, "cpu") == null) registerWidenedHalvesForCpu();
  tf.unregisterKernel(tf.Erf, "cpu");
  tf.registerKernel({
    kernelName: tf.Erf,
    backendName: "cpu",
    kernelFunc({ inputs }) {
      const x = inputs["x"] as tf.Tensor;
      return tf.tensor(Float32Array.from(x.dataSync<"float32">(), erf), x.shape, "float32");
    },
  });
}

/**
 * Runs with the CPU backend computing in doubles: it keeps what it calls float32 in whatever
 * `Float32Array` is at that time. Tensors from before hold float32 numbers and can be read.
 */
export function inDoubles<Result>(run: () => Result): Result {
  const Singles = globalThis.Float32Array;
  const { platform } = tf.env();
  const isTypedArray = platform.isTypedArray.bind(platform);
  class Doubles extends Float64Array {
    static override [Symbol.hasInstance](value: unknown): boolean {
      return Object.prototype.toString.call(value) === "[object Float32Array]" ||
        Object.prototype.toString.call(value) === "[object Float64Array]";
    }
  }
  Object.assign(globalThis, { Float32Array: Doubles });
  platform.isTypedArray = (value): value is Float32Array =>
    isTypedArray(value) || value instanceof Float64Array;
  try {
    return run();
  } finally {
    Object.assign(globalThis, { Float32Array: Singles });
    platform.isTypedArray = isTypedArray;
  }
}

/** erf to the precision of doubles. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 3) {
    // x - x^3 / 3 + x^5 / (5 x 2!) - …, times 2 / √π
    let sum = x;
    for (let n = 1, power = x; n < 60; n++) {
      power *= -x * x / n;
      sum += power / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
  // erfc(x) = exp(-x^2) / √π / (x + 1/2 / (x + 2/2 / (x + 3/2 / …)))
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / fraction);
}
