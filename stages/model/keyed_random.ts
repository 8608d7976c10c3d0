/**
 * Random numbers inside recorded programs: the same bits as `pipeline/contract/random_stream.ts`, from
 * a key that is a run-time tensor. They come from the kernel `KeyedUniform`, which each backend
 * implements: TensorFlow in `stages/tensorflow/kernels/random.ts`, tfjs's CPU backend below, as the oracle.
 */
import * as tf from "@tensorflow/tfjs-core";
import { mix, purposeWords } from "../../pipeline/contract/random_stream.ts";

export const KeyedUniform = "KeyedUniform";

/** The kernel's attributes: the words of each static fork, in order, and the shape of the result. */
export interface KeyedUniformAttrs {
  readonly forks: readonly (readonly [number, number])[];
  readonly shape: readonly number[];
}

/** A stream of random numbers within a recorded function. Forking alone records no op. */
export interface DeviceRandom {
  fork(purpose: string | number): DeviceRandom;
  /** float32 in [0, 1) with 24 random bits; element i is `RandomStream.uniform(i)` of the same key. */
  uniform(shape: number[]): tf.Tensor;
}

/**
 * @param key int32 [2], `RandomStream.key` of the step: an input of the recorded function
 */
export function deviceRandom(key: tf.Tensor1D): DeviceRandom {
  const at = (forks: KeyedUniformAttrs["forks"]): DeviceRandom => ({
    fork: (purpose) => at([...forks, purposeWords(purpose)]),
    uniform: (shape) =>
      tf.engine().runKernel(KeyedUniform, { key }, { forks, shape } as unknown as tf.NamedAttrMap),
  });
  return at([]);
}

/** The kernel for tfjs's own CPU backend. */
export function registerKeyedUniformForCpu(): void {
  tf.registerKernel({
    kernelName: KeyedUniform,
    backendName: "cpu",
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { forks, shape } = attrs as unknown as KeyedUniformAttrs;
      const cpu = backend as unknown as {
        readSync(id: object): Int32Array;
        write(values: Float32Array, shape: number[], dtype: "float32"): object;
      };
      let [key0, key1] = cpu.readSync(inputs["key"]!.dataId) as unknown as [number, number];
      for (const [first, second] of forks) {
        key0 = mix(key0 ^ first);
        key1 = mix(key1 + second);
      }
      const values = new Float32Array(tf.util.sizeFromShape([...shape]));
      for (let i = 0; i < values.length; i++) {
        values[i] = (mix(mix(i ^ key0) + key1) >>> 8) * 2 ** -24;
      }
      return {
        dataId: cpu.write(values, [...shape], "float32"),
        shape: [...shape],
        dtype: "float32",
      };
    },
  });
}
