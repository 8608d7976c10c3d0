/**
 * The kernel `KeyedUniform` (stages/model/keyed_random.ts) in TensorFlow's integer ops. It hashes a
 * counter. TensorFlow's own stateless generators either differ between XLA and plain execution
 * (uniform, normal) or are slow under XLA on a CPU (Philox: 448 ms for a million numbers, this: 2.3 ms).
 */
import * as tf from "@tensorflow/tfjs-core";
import { KeyedUniform, type KeyedUniformAttrs } from "../../model/keyed_random.ts";
import type { KernelBackend } from "./binding.ts";
import { TF_FLOAT, TF_INT32, TF_UINT32 } from "../runtime/data_types.ts";
import { type OpAttribute, typeAttribute as type } from "../runtime/op_attributes.ts";

export function registerKeyedUniform(backendName: string): void {
  tf.registerKernel({
    kernelName: KeyedUniform,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { forks, shape } = attrs as unknown as KeyedUniformAttrs;
      const kernels = backend as unknown as KernelBackend;
      const [key] = kernels.getInputTensorIds([inputs["key"]!]);
      return keyedUniform(kernels, key!, forks, shape);
    },
  });
}

/** uniform[i] = (mix(mix(i ^ key0) + key1) >> 8) * 2^-24, with the key after the forks. */
function keyedUniform(
  kernels: KernelBackend,
  key: number,
  forks: KeyedUniformAttrs["forks"],
  shape: readonly number[],
): tf.Tensor {
  using words = new Words(kernels);
  const size = tf.util.sizeFromShape([...shape]);
  let key0 = words.element(key, 0);
  let key1 = words.element(key, 1);
  for (const [first, second] of forks) {
    key0 = words.mix(words.xor(key0, words.constant(first)));
    key1 = words.mix(words.add(key1, words.constant(second)));
  }
  const counter = words.range(size);
  const bits = words.mix(words.add(words.mix(words.xor(counter, key0)), key1));
  const mantissa = words.cast(words.shiftRight(bits, 8), TF_INT32);
  const uniform = words.multiplyFloat(words.castFloat(mantissa), 2 ** -24);
  return kernels.createOutputTensor(words.release(words.reshape(uniform, shape), shape));
}

/** Ops on uint32 tensors, a type that tfjs does not have. Disposal frees all but the released ones. */
class Words {
  #ids = new Set<number>();
  constructor(private readonly kernels: KernelBackend) {}

  [Symbol.dispose](): void {
    for (const id of this.#ids) this.kernels.binding.deleteTensor(id);
  }

  /** A float32 tensor that is not freed by disposal. */
  release(id: number, shape: readonly number[]): { id: number; shape: number[]; dtype: number } {
    this.#ids.delete(id);
    return { id, shape: [...shape], dtype: TF_FLOAT };
  }

  /** lowbias32, the same as `mix` of pipeline/contract/random_stream.ts. */
  mix(x: number): number {
    x = this.multiply(this.xor(x, this.shiftRight(x, 16)), 0x7feb352d);
    x = this.multiply(this.xor(x, this.shiftRight(x, 15)), 0x846ca68b);
    return this.xor(x, this.shiftRight(x, 16));
  }

  constant(word: number): number {
    const signed = this.#own(this.kernels.binding.createTensor([], TF_INT32, [word | 0]));
    return this.bitcast(signed);
  }

  /** Word `index` of an int32 [2] tensor, as a scalar. */
  element(key: number, index: number): number {
    const at = this.#own(this.kernels.binding.createTensor([1], TF_INT32, [index]));
    const size = this.#own(this.kernels.binding.createTensor([1], TF_INT32, [1]));
    const slice = this.#op("Slice", [
      type("T", TF_INT32),
      type("Index", TF_INT32),
    ], [key, at, size]);
    return this.bitcast(this.#reshapeAs(slice, [], TF_INT32));
  }

  /** 0, 1, .. size - 1. */
  range(size: number): number {
    const { binding } = this.kernels;
    const bounds = [0, size, 1].map((bound) =>
      this.#own(binding.createTensor([], TF_INT32, [bound]))
    );
    return this.bitcast(this.#op("Range", [type("Tidx", TF_INT32)], bounds));
  }

  bitcast(signed: number): number {
    return this.#op("Bitcast", [type("T", TF_INT32), type("type", TF_UINT32)], [signed]);
  }

  xor = (a: number, b: number): number => this.#op("BitwiseXor", [type("T", TF_UINT32)], [a, b]);
  add = (a: number, b: number): number => this.#op("AddV2", [type("T", TF_UINT32)], [a, b]);
  multiply = (a: number, word: number): number =>
    this.#op("Mul", [type("T", TF_UINT32)], [a, this.constant(word)]);
  shiftRight = (a: number, places: number): number =>
    this.#op("RightShift", [type("T", TF_UINT32)], [a, this.constant(places)]);
  cast = (a: number, to: number): number =>
    this.#op("Cast", [type("SrcT", TF_UINT32), type("DstT", to)], [a]);
  castFloat = (a: number): number =>
    this.#op("Cast", [type("SrcT", TF_INT32), type("DstT", TF_FLOAT)], [a]);
  multiplyFloat = (a: number, factor: number): number =>
    this.#op("Mul", [type("T", TF_FLOAT)], [
      a,
      this.#own(this.kernels.binding.createTensor([], TF_FLOAT, [factor])),
    ]);

  reshape = (a: number, shape: readonly number[]): number => this.#reshapeAs(a, shape, TF_FLOAT);

  #reshapeAs(a: number, shape: readonly number[], dtype: number): number {
    const to = this.#own(this.kernels.binding.createTensor([shape.length], TF_INT32, [...shape]));
    return this.#op("Reshape", [type("T", dtype), type("Tshape", TF_INT32)], [a, to]);
  }

  #op(name: string, attributes: OpAttribute[], inputs: number[]): number {
    return this.#own(this.kernels.binding.executeOp(name, attributes, inputs, 1)[0]!.id);
  }

  #own(id: number): number {
    this.#ids.add(id);
    return id;
  }
}
