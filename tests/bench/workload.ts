/**
 * What is timed: a UNITER-shaped encoder on embedded pairs. Every route starts from the same numbers,
 * which a formula gives, so that routes can be checked against each other.
 */
import { mix } from "../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import type { Precision } from "../../stages/model/matrix_product.ts";
import { decays, type Parameter, parameterTable } from "../../stages/model/parameters.ts";
import { publishedAdamw } from "../../stages/train/adamw.ts";

/** A model and a batch. */
export interface Size {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly pairs: number;
  /** Words and regions together. */
  readonly positions: number;
}

export const sizes: Readonly<Record<string, Size>> = {
  "12x768": { layers: 12, hidden: 768, heads: 12, pairs: 8, positions: 80 },
  "6x384": { layers: 6, hidden: 384, heads: 6, pairs: 64, positions: 40 },
  "4x256": { layers: 4, hidden: 256, heads: 4, pairs: 32, positions: 48 },
  "3x128": { layers: 3, hidden: 128, heads: 4, pairs: 128, positions: 30 },
};

export const tasks = ["training", "scoring"] as const;
export type Task = typeof tasks[number];

export const precisions = ["float32", "bfloat16"] as const;

/** One job of a worker process; goes to it as a line of JSON. */
export interface Workload extends Size {
  readonly task: Task;
  readonly precision: Precision;
  readonly words: number;
  readonly threads: number;
  /** In this order; the number of a parameter seeds its values. */
  readonly parameters: readonly (Parameter & { readonly decays: boolean })[];
  readonly learningRate: number;
  readonly clip: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly decay: number;
}

export function workload(
  size: Size,
  { task, precision, threads }: Pick<Workload, "task" | "precision" | "threads">,
): Workload {
  const timed = /^(uniter\.encoder|uniter\.pooler|rank_output)\./;
  return {
    ...size,
    task,
    precision,
    words: Math.round(size.positions * 0.4),
    threads,
    parameters: parameterTable(configuration(size))
      .filter(({ name }) => timed.test(name))
      .map((parameter) => ({ ...parameter, decays: decays(parameter.name) })),
    learningRate: 5e-5,
    clip: 2,
    ...publishedAdamw,
    eps: 1e-10, // PyTorch adds it to the corrected root, the release to the uncorrected one
  };
}

/**
 * Multiplications and additions of a step's matrix products, as this project computes them: the last
 * layer's queries, and what follows its attention, for [CLS] alone; gradients cost twice the products.
 */
export function productOperations({ layers, hidden, pairs, positions, task }: Workload): number {
  const layer = (rows: number) => {
    const keysAndValues = 2 * pairs * positions * hidden * hidden;
    const queriesAndOutput = 2 * rows * hidden * hidden;
    const feedForward = 8 * rows * hidden * hidden;
    const attention = 2 * rows * positions * hidden;
    return 2 * (keysAndValues + queriesAndOutput + feedForward + attention);
  };
  const forward = (layers - 1) * layer(pairs * positions) + layer(pairs);
  return task === "training" ? 3 * forward : forward;
}

export function configuration({ layers, hidden, heads, positions }: Size): Configuration {
  return {
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    vocab_size: 8,
    max_position_embeddings: positions,
    type_vocab_size: 2,
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.02,
    hidden_act: "gelu",
    img_dim: 8,
  };
}

/** Numbers spread evenly over -1.732 .. 1.732: mean 0, deviation 1. `pytorch_worker.py` has the same. */
export function spreadNumbers(length: number, seed: number): Float32Array {
  const key = mix(seed);
  const spread = 2 * Math.sqrt(3) * 2 ** -24;
  return Float32Array.from({ length }, (_, i) => ((mix(i ^ key) >>> 8) - 2 ** 23) * spread);
}

/** Values of parameter `place` of the table, as its kind starts. */
export function startValues({ shape, start }: Parameter, place: number): Float32Array {
  const length = shape.reduce((size, side) => size * side, 1);
  if (start === "normal") return spreadNumbers(length, place).map((x) => 0.02 * x);
  return new Float32Array(length).fill(start === "one" ? 1 : 0);
}

/** Seeds of the batch; those of the parameters are small. */
export const textSeed = 1_000_001;
export const imageSeed = 1_000_002;
