/**
 * AdamW as in the release (BERT's, with bias correction), functional over named tensors:
 *
 *     m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2
 *     p = p - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt v + eps)
 *     p = p - lr decay p           (with the p just updated; not for biases and LayerNorms)
 *
 * What changes from update to update is passed as scalar tensors, so that one recorded program serves
 * all updates.
 */
import * as tf from "@tensorflow/tfjs-core";
import { decays } from "../model/parameters.ts";
import type { Weights } from "../model/weights.ts";

/** What stays the same during a training. */
export interface AdamwOptions {
  /** Decay of the first moment. */
  readonly beta1: number;
  /** Decay of the second moment. */
  readonly beta2: number;
  /** Added to the square root of the second moment. */
  readonly eps: number;
  /** Weight decay. */
  readonly decay: number;
  /** Prefix of names -> factor of the learning rate of these tensors; 1 for all others. */
  readonly factors?: Readonly<Record<string, number>>;
}

/** The published recipe. */
export const publishedAdamw: AdamwOptions = { beta1: 0.9, beta2: 0.98, eps: 1e-6, decay: 0.01 };

/** Weights and moments of the trained tensors; all three have the same names. */
export interface AdamwState {
  readonly weights: Weights;
  readonly first: Weights;
  readonly second: Weights;
}

/** Run-time inputs of an update, as numbers from `updateScalars` or as scalar tensors. */
export interface UpdateScalars<Value> {
  readonly learningRate: Value;
  /** The learning rate times both bias corrections. */
  readonly stepSize: Value;
}

/** One update of every tensor that has a gradient. The state that is returned has these tensors only. */
export function adamw(
  state: AdamwState,
  gradients: Weights,
  { learningRate, stepSize }: UpdateScalars<tf.Tensor>,
  { beta1, beta2, eps, decay, factors = {} }: AdamwOptions = publishedAdamw,
): AdamwState {
  const weights: Record<string, tf.Tensor> = {};
  const first: Record<string, tf.Tensor> = {};
  const second: Record<string, tf.Tensor> = {};
  const shrinkage = tf.mul(learningRate, decay);
  for (const [name, gradient] of Object.entries(gradients)) {
    const m = tf.add(tf.mul(state.first[name]!, beta1), tf.mul(gradient, 1 - beta1));
    const v = tf.add(tf.mul(state.second[name]!, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const direction = tf.div(m, tf.add(tf.sqrt(v), eps));
    const factor = Object.entries(factors).find(([first]) => name.startsWith(first))?.[1] ?? 1;
    const scaled = (rate: tf.Tensor) => factor === 1 ? rate : tf.mul(rate, factor);
    const moved = tf.sub(state.weights[name]!, tf.mul(direction, scaled(stepSize)));
    weights[name] = decays(name) && decay > 0
      ? tf.sub(moved, tf.mul(moved, scaled(shrinkage)))
      : moved;
    first[name] = m;
    second[name] = v;
  }
  return { weights, first, second };
}

/**
 * The numbers of one update, in double precision.
 * @param update counted from 1
 */
export function updateScalars(
  update: number,
  learningRate: number,
  { beta1, beta2 }: AdamwOptions = publishedAdamw,
): UpdateScalars<number> {
  const correction = Math.sqrt(1 - beta2 ** update) / (1 - beta1 ** update);
  return { learningRate, stepSize: learningRate * correction };
}

export type UpdateInputs = {
  readonly state: AdamwState & { readonly [name: string]: Weights };
  readonly gradients: Weights;
  readonly scalars: UpdateScalars<tf.Tensor> & { readonly [name: string]: tf.Tensor };
};

export type UpdateOutputs = {
  readonly state: AdamwState & { readonly [name: string]: Weights };
  /** Joint norm of the gradients before clipping. */
  readonly norm: tf.Tensor;
};

/** An update as one program: clipping by the joint norm, then AdamW. */
export function clippedUpdate(
  { state, gradients, scalars }: UpdateInputs,
  { clip, ...options }: AdamwOptions & { readonly clip: number },
): UpdateOutputs {
  const clipped = clipByGlobalNorm(gradients, clip);
  const next = adamw(state, clipped.gradients, scalars, options);
  return { state: { ...next }, norm: clipped.norm };
}

/**
 * Scales all gradients by min(1, max / (norm + 1e-6)), where norm is their joint Euclidean norm.
 * @returns the scaled gradients, and the norm before scaling (a scalar)
 */
export function clipByGlobalNorm(
  gradients: Weights,
  max: number,
): { gradients: Weights; norm: tf.Scalar } {
  const norm = tf.sqrt(sumOfSquares(Object.values(gradients))) as tf.Scalar;
  const scale = tf.minimum(tf.div(max, tf.add(norm, 1e-6)), 1);
  const scaled = Object.entries(gradients).map(([name, gradient]) =>
    [name, tf.mul(gradient, scale)] as const
  );
  return { gradients: Object.fromEntries(scaled), norm };
}

/** Wide enough for every vector unit. */
const LANES = 64;

/**
 * The sum of the squares of all elements, accumulated in lanes: a compiler that keeps the order of
 * additions cannot vectorize a single sum. Under XLA on a CPU this takes a fraction of the time.
 */
function sumOfSquares(tensors: readonly tf.Tensor[]): tf.Tensor {
  const fits = (tensor: tf.Tensor) => tensor.size % LANES === 0;
  const inLanes = tensors.filter(fits)
    .map((tensor) => tf.sum(tf.square(tf.reshape(tensor, [-1, LANES])), 0));
  const rest = tensors.filter((tensor) => !fits(tensor)).map((tensor) => tf.sum(tf.square(tensor)));
  // The lanes of all tensors are added first, then the lanes: XLA would merge a sum of a sum.
  return tf.addN(inLanes.length === 0 ? rest : [tf.sum(tf.addN(inLanes)), ...rest]);
}
