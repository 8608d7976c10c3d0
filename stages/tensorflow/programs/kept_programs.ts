/**
 * Compiled functions that outlive a stage: a worker process that fine-tunes with another seed, or
 * evaluates another model of the same shape, records and compiles nothing anew.
 */
import type { Compute } from "../kernels/backend.ts";
import { compile, type Compiled, type CompileOptions, type TensorTree } from "./compile.ts";

// deno-lint-ignore no-explicit-any
const kept = new Map<string, Compiled<any, any>>();

/**
 * As `compile`, once per process and key.
 * @param decides everything that the function closes over; it must be plain data.
 */
export function compileOnce<Inputs extends TensorTree, Outputs extends TensorTree>(
  compute: Compute,
  fn: (inputs: Inputs) => Outputs,
  { decides, ...options }: CompileOptions & { readonly decides: unknown },
): Compiled<Inputs, Outputs> {
  const key = JSON.stringify([options, decides]);
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = compile(compute, fn, options);
  kept.set(key, made);
  return made;
}
