/**
 * How far a float32 computation may be from the exact result, derived from its own arithmetic.
 *
 * Every operation rounds. By how much depends on the processor (the order of a sum, fused
 * multiply-add, the approximation behind exp), but the bound does not. With u = 2^-24:
 *
 *     arithmetic          |error| <= u |result|
 *     sum, product        |error| <= u Σ |term|: a sum that cancels is inexact for its size
 *     exp, erf, tanh, …   |error| <= 4 u |result|
 *     move, compare       exact; so is any result that float32 holds exactly, such as a count
 *
 * What these errors do to the final numbers is measured: the oracle runs again, in doubles, with each
 * result of each operation moved up or down by its bound at random. The root mean square of how far
 * that moves a final number is its spread. Errors of thousands of operations add up like a random walk,
 * so a correct float32 computation stays within a few spreads, on any processor and in any order of
 * summation. Allowed are four times the largest spread of a tensor, and nothing for a number that no
 * rounding reaches.
 *
 * This is Monte Carlo arithmetic (D. S. Parker, UCLA CSD-970002, 1997). Bound of sums: N. J. Higham,
 * Accuracy and Stability of Numerical Algorithms, section 4.2, with the factor n - 1 of its worst case
 * replaced by 1, as errors of both signs leave about that (Higham and Mary, SIAM J. Sci. Comput. 41,
 * 2019).
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import { inDoubles, registerExactKernels } from "./double_oracle.ts";

const unit = 2 ** -24;
const spreadsAllowed = 4;
const noisyRuns = 8;

/** Tensors of a step by their path, such as `/gradients/rank_output.bias`. */
type Numbers = Readonly<Record<string, Float32Array | Float64Array>>;

export interface Exact {
  readonly numbers: Numbers;
  /** How far rounding moves each of them: root mean square. */
  readonly spread: Numbers;
}

/** The exact result of a step and its spread, on tfjs's CPU backend; inputs are float32 numbers. */
export async function exactResult<Inputs>(
  inputs: () => Inputs,
  step: (inputs: Inputs) => tf.TensorContainer,
): Promise<Exact> {
  await tf.setBackend("cpu");
  registerExactKernels();
  registerRounding();
  const run = (random?: RandomStream) =>
    numbersOf(() => {
      const given = inputs();
      noise = random && signs(random);
      try {
        return inDoubles(() => step(given));
      } finally {
        noise = undefined;
      }
    });
  const numbers = run();
  const noisy = Array.from({ length: noisyRuns }, (_, r) => run(randomStream(11).fork(r)));
  const spread = Object.fromEntries(
    Object.entries(numbers).map(([name, exact]) => [
      name,
      Float64Array.from(
        exact,
        (x, i) =>
          Math.sqrt(noisy.reduce((sum, other) => sum + (other[name]![i]! - x) ** 2, 0) / noisyRuns),
      ),
    ]),
  );
  return { numbers, spread };
}

/** Fails if a number is further from the exact one than rounding explains. */
export function assertRounded(actual: Numbers, { numbers, spread }: Exact, what: string): void {
  assert.deepEqual(Object.keys(actual), Object.keys(numbers));
  for (const [name, exact] of Object.entries(numbers)) {
    const allowed = spreadsAllowed * Math.max(0, ...Array.from(spread[name]!));
    for (let i = 0; i < exact.length; i++) {
      const apart = Math.abs(actual[name]![i]! - exact[i]!);
      assert.ok(
        apart <= (spread[name]![i] === 0 ? 0 : allowed),
        `${what}: ${name}[${i}] is ${actual[name]![i]}, exactly ${exact[i]}: ${apart} apart, ` +
          `rounding explains ${spread[name]![i] === 0 ? 0 : allowed}`,
      );
    }
  }
}

/** The tensors that a function makes, by their path; they are freed. */
export function numbersOf(make: () => tf.TensorContainer): Record<string, Float32Array> {
  let numbers: Record<string, Float32Array> = {};
  tf.tidy(() => {
    numbers = flat(make());
  });
  return numbers;
}

/** The tensors of a tree by their path. */
export function flat(tree: tf.TensorContainer, path = ""): Record<string, Float32Array> {
  if (tree instanceof tf.Tensor) return { [path]: tree.dataSync<"float32">() };
  return Object.assign(
    {},
    ...Object.entries(tree as object).map(([name, part]) => flat(part, `${path}/${name}`)),
  );
}

/** Kernels that move, choose, count or compare numbers. */
const exactKernels = new Set(
  ("Abs ArgMax Cast ClipByValue Concat Equal ExpandDims Fill GatherNd GatherV2 Greater GreaterEqual " +
    "Identity KeyedUniform Less LessEqual LogicalAnd LogicalNot Max Maximum Min Minimum Neg NotEqual " +
    "OneHot OnesLike Pack PadV2 Range Relu Reshape Reverse Select Sign Slice SplitV Step StridedSlice " +
    "Tile TopK Transpose Unpack ZerosLike").split(" "),
);
/** The same kernel over the terms' magnitudes gives the bound of a sum's error. */
const sums = new Set("AddN BatchMatMul Cumsum Einsum Mean Sum UnsortedSegmentSum".split(" "));
const arithmetic = new Set("Add Multiply RealDiv Square SquaredDifference Sqrt Sub".split(" "));
const functions = new Set("Erf Exp Log Log1p Pow Rsqrt Sigmoid Softmax Tanh".split(" "));

/** While set, kernels of the CPU backend make rounding errors of these signs. */
let noise: (() => 1 | -1) | undefined;
let registered = false;

function registerRounding(): void {
  if (registered) return;
  registered = true;
  for (const config of tf.getKernelsForBackend("cpu")) {
    const { kernelName, kernelFunc } = config;
    if (exactKernels.has(kernelName)) continue;
    tf.unregisterKernel(kernelName, "cpu");
    tf.registerKernel({
      ...config,
      kernelFunc(given) {
        const result = kernelFunc(given) as tf.TensorInfo;
        if (noise !== undefined && result.dtype === "float32") {
          moveByRounding(config, given, result);
        }
        return result;
      },
    });
  }
}

type Given = Parameters<tf.KernelFunc>[0];

function moveByRounding(
  { kernelName, kernelFunc }: tf.KernelConfig,
  given: Given,
  result: tf.TensorInfo,
): void {
  // deno-lint-ignore no-explicit-any -- tfjs keeps its backends' data to itself
  const backend = given.backend as any;
  const valuesOf = (info: tf.TensorInfo): Float32Array => backend.data.get(info.dataId).values;
  const values = valuesOf(result);
  let bounds = values;
  if (sums.has(kernelName)) {
    const made: tf.TensorInfo[] = [];
    const magnitude = (info: tf.TensorInfo): tf.TensorInfo => {
      if (info.dtype !== "float32") return info;
      made.push(backend.makeTensorInfo(info.shape, "float32", valuesOf(info).map(Math.abs)));
      return made.at(-1)!;
    };
    const inputs = Array.isArray(given.inputs) ? given.inputs.map(magnitude) : Object.fromEntries(
      Object.entries(given.inputs).map(([name, info]) => [name, magnitude(info as tf.TensorInfo)]),
    );
    const bound = kernelFunc({ ...given, inputs: inputs as Given["inputs"] }) as tf.TensorInfo;
    bounds = valuesOf(bound);
    for (const info of [...made, bound]) backend.disposeData(info.dataId);
  } else if (!arithmetic.has(kernelName) && !functions.has(kernelName)) {
    throw new Error(`internal: how ${kernelName} rounds is not known`);
  }
  const units = functions.has(kernelName) ? 4 * unit : unit;
  for (let i = 0; i < values.length; i++) {
    const [value, bound] = [values[i]!, bounds[i]!];
    if (Math.fround(value) === value && Math.fround(bound) === bound) continue;
    values[i] = value + units * noise!() * Math.abs(bound);
  }
}

/** Random signs: xorshift32 (Marsaglia 2003). */
function signs(random: RandomStream): () => 1 | -1 {
  let state = random.key[0] | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state & 0x400) === 0 ? 1 : -1;
  };
}
