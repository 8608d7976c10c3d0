/** Weights of a file as tensors of the current backend. */
import * as tf from "@tensorflow/tfjs-core";
import type { HostWeights } from "./initial_weights.ts";
import { weight } from "./weights.ts";

/** @throws {Complaint} when a named tensor is missing. */
export function weightsOnDevice(
  host: HostWeights,
  names: readonly string[] = Object.keys(host),
): Record<string, tf.Tensor> {
  return Object.fromEntries(names.map((name) => {
    const { values, shape } = weight(host, name);
    return [name, tf.tensor(values, [...shape], "float32")];
  }));
}
