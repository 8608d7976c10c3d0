/**
 * Weights of a model: tensors under UNITER's checkpoint names, in PyTorch's layouts (a linear
 * layer's weight is [out, in]).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../pipeline/contract/complaint.ts";

/** Tensors by checkpoint name. */
export type Weights = Readonly<Record<string, tf.Tensor>>;

/**
 * The tensor (or whatever stands for it) of a name.
 * @throws {Complaint} when the checkpoint has no such tensor.
 */
export function weight<Value>(weights: Readonly<Record<string, Value>>, name: string): Value {
  const found = weights[name];
  if (found === undefined) {
    throw new Complaint(
      `the checkpoint holds no tensor \`${name}\``,
      "use a checkpoint of UNITER's architecture whose layers agree with its config.json",
      { exitCode: 1 },
    );
  }
  return found;
}
