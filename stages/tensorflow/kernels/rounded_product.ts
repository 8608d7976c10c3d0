/**
 * The kernel `RoundedMatMul` (stages/model/matrix_product.ts): a bfloat16 product between casts.
 *
 * XLA, GPUs and processors with bfloat16 instructions round the sums to nearest. On other processors
 * TensorFlow truncates them, which makes every product smaller. There the rounded factors are multiplied
 * as float32, which represents them exactly, and the result is rounded by a cast.
 */
import * as tf from "@tensorflow/tfjs-core";
import { RoundedMatMul, type RoundedMatMulAttrs } from "../../model/matrix_product.ts";
import type { Binding, KernelBackend } from "./binding.ts";
import { TF_BFLOAT16, TF_FLOAT } from "../runtime/data_types.ts";
import type { TensorMetadata } from "../runtime/eager.ts";
import { boolAttribute, typeAttribute } from "../runtime/op_attributes.ts";

/** Runs ops: on the device, or into a recording. */
type Runner = Pick<Binding, "executeOp" | "deleteTensor">;

interface Layout {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export function registerRoundedMatMul(backendName: string): void {
  tf.registerKernel({
    kernelName: RoundedMatMul,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const kernels = backend as unknown as KernelBackend;
      const { binding } = kernels;
      const layout = attrs as unknown as RoundedMatMulAttrs;
      const factors = kernels.getInputTensorIds([inputs["a"]!, inputs["b"]!]);
      // XLA would remove a cast to bfloat16 that is followed by one back.
      const type = binding.recording?.xla || roundsSums(binding) ? TF_BFLOAT16 : TF_FLOAT;
      return kernels.createOutputTensor(roundedProduct(binding, factors, { ...layout, type }));
    },
  });
}

/** @param type the type in which the factors are multiplied */
function roundedProduct(
  runner: Runner,
  factors: readonly number[],
  { type, ...layout }: Layout & { readonly type: number },
): TensorMetadata {
  const rounded = factors.map((id) => cast(runner, id, [TF_FLOAT, TF_BFLOAT16]).id)
    .map((id) => castInPlace(runner, id, [TF_BFLOAT16, type]));
  const product = matrixProduct(runner, rounded, { ...layout, type });
  const result = castInPlace(runner, product, [type, TF_BFLOAT16]);
  const widened = cast(runner, result, [TF_BFLOAT16, TF_FLOAT]);
  for (const id of [...rounded, result]) runner.deleteTensor(id);
  return widened;
}

const known = new WeakMap<Binding, boolean>();

/** Whether the sums of a bfloat16 product are rounded to nearest on this device. */
function roundsSums(binding: Binding): boolean {
  const before = known.get(binding);
  if (before !== undefined) return before;
  const found = binding.isUsingGpuDevice() || roundsInTrial(binding);
  known.set(binding, found);
  return found;
}

/**
 * Whether the processor computes bfloat16 products by instructions of its own. TensorFlow's sums are
 * rounded to nearest exactly then.
 */
export function hasBfloat16Instructions(binding: Binding): boolean {
  return !binding.isUsingGpuDevice() && roundsSums(binding);
}

/** 1.0078125 x 1.75 is three quarters of the way from 1.7578125 to 1.765625, its neighbours in bfloat16. */
function roundsInTrial({ eager }: Binding): boolean {
  const runner: Runner = {
    executeOp: (...op) => eager.execute(...op),
    deleteTensor: (id) => eager.deleteTensor(id),
  };
  const [rows, inner, columns] = [3, 7, 5];
  const values = (count: number, value: (index: number) => number) =>
    Float32Array.from({ length: count }, (_, index) => value(index));
  const factors = [
    eager.createTensor([1, rows, inner], TF_FLOAT, values(rows * inner, () => 1 + 2 ** -7)),
    eager.createTensor(
      [1, inner, columns],
      TF_FLOAT,
      values(inner * columns, (index) => index < columns ? 1.75 : 0),
    ),
  ];
  const layout = { transposeA: false, transposeB: false, type: TF_BFLOAT16 };
  const { id } = roundedProduct(runner, factors, layout);
  const products = eager.read(id) as Float32Array;
  for (const tensor of [...factors, id]) eager.deleteTensor(tensor);
  return products.every((product) => product === 1.765625);
}

function matrixProduct(
  runner: Runner,
  factors: readonly number[],
  { transposeA, transposeB, type }: Layout & { readonly type: number },
): number {
  const attributes = [
    typeAttribute("T", type),
    boolAttribute("adj_x", transposeA),
    boolAttribute("adj_y", transposeB),
  ];
  return runner.executeOp("BatchMatMulV2", attributes, [...factors], 1)[0]!.id;
}

function cast(
  runner: Runner,
  id: number,
  [from, to]: readonly [number, number],
): TensorMetadata {
  const attributes = [typeAttribute("SrcT", from), typeAttribute("DstT", to)];
  return runner.executeOp("Cast", attributes, [id], 1)[0]!;
}

/** As `cast`, but frees the input; returns it unchanged if it already has the type. */
function castInPlace(runner: Runner, id: number, types: readonly [number, number]): number {
  if (types[0] === types[1]) return id;
  const made = cast(runner, id, types);
  runner.deleteTensor(id);
  return made.id;
}
