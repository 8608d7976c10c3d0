/** Tensors that are written where TensorFlow keeps them: a large one never exists twice on the host. */
import * as tf from "@tensorflow/tfjs-core";
import type { BytesAt } from "../runtime/native.ts";
import { backendName, type KernelBackend } from "./binding.ts";

/** @param fill writes the numbers, 4 bytes each; what it leaves out is undefined */
export function filledTensor(
  shape: readonly number[],
  dtype: "int32" | "float32",
  fill: (bytesAt: BytesAt) => void,
): tf.Tensor {
  const size = 4 * tf.util.sizeFromShape([...shape]);
  if (tf.getBackend() === backendName) {
    const backend = tf.backend() as unknown as KernelBackend;
    const { binding } = backend;
    const metadata = { shape: [...shape], dtype: binding.typeOf(dtype) };
    const id = binding.eager.fillTensor({ ...metadata, size }, fill);
    return backend.createOutputTensor({ id, ...metadata });
  }
  const bytes = new Uint8Array(size);
  fill((offset, length) => bytes.subarray(offset, offset + length));
  const values = dtype === "int32" ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
  return tf.tensor(values, [...shape], dtype);
}
