/**
 * Compiles a recorded function without running it. With `XLA_FLAGS=--xla_dump_to=FOLDER`, XLA writes what
 * it compiles, which can then run elsewhere. No input is read and nothing is computed, so programs can be
 * compiled that this machine has no memory to run.
 */
import type { Compute } from "../kernels/backend.ts";
import { contentName, record } from "./compile.ts";
import { leaves, type TensorTree } from "./tensor_tree.ts";

/** A tensor of a program's signature, named by its path in the tree. */
export interface ProgramTensor {
  readonly path: string;
  readonly shape: readonly number[];
}

export interface CompiledOnly {
  /** XLA names the module after it. */
  readonly name: string;
  readonly inputs: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
}

/** The whole function becomes one program of XLA, also on a processor where `compile` splits it. */
export function compileOnly<Inputs extends TensorTree>(
  compute: Compute,
  fn: (inputs: Inputs) => TensorTree,
  inputs: Inputs,
  { name }: { readonly name: string },
): CompiledOnly {
  const { backend, binding: { native, eager } } = compute;
  const recorded = record(compute, fn, inputs, {
    ...{ name, xla: true },
    toFunctions(recording, { inputs, outputs }) {
      const unique = contentName(name, { ops: recording.ops, inputs, outputs });
      const { body } = recording.toFunction(unique, inputs.map(({ id }) => id), outputs);
      eager.addFunction(body);
      native.c.TF_DeleteFunction(body);
      return unique;
    },
  });
  try {
    const given = leaves(inputs);
    const ids = backend.getInputTensorIds(given.map(({ tensor }) => tensor));
    eager.compileFunction(recorded.functions, ids);
    return {
      name: recorded.functions,
      inputs: given.map(({ path, tensor }) => ({ path, shape: tensor.shape })),
      outputs: recorded.outputs.map(({ path, shape }) => ({ path, shape })),
    };
  } finally {
    eager.removeFunction(recorded.functions);
  }
}
