/**
 * Weights of a model: tensors under UNITER's checkpoint names, in PyTorch's layouts (a linear
 * layer's weight is [out, in]). On the device they are tfjs tensors, on the host plain arrays.
 */
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";

/** Tensors on the device, by checkpoint name. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/** A tensor on the host. */
export interface HostTensor {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

/** Tensors on the host, by checkpoint name. */
export type HostWeights = Readonly<Record<string, HostTensor>>;

/**
 * The tensor with a name, on the device or on the host.
 * @throws {Complaint} when the checkpoint has no such tensor
 */
export function weight<Value>(weights: Readonly<Record<string, Value>>, name: string): Value {
  const found = weights[name];
  if (found === undefined) {
    throw new Complaint(
      `the checkpoint has no tensor \`${name}\``,
      "use a checkpoint of UNITER's architecture whose layers agree with its config.json",
      { exitCode: 1 },
    );
  }
  return found;
}

/**
 * Copies weights to tfjs's current backend.
 * @param names which; all by default
 * @throws {Complaint} when a named tensor is missing
 */
export function weightsOnDevice(
  host: HostWeights,
  names: readonly string[] = Object.keys(host),
): Record<string, tf.Tensor> {
  return Object.fromEntries(names.map((name) => {
    const { values, shape } = weight(host, name);
    return [name, tf.tensor(values, [...shape], "float32")];
  }));
}
