/**
 * Word-region alignment: the cost of transporting the words of a pair to its regions.
 *
 *     C_ij = 1 - cos(word_i, region_j)      D = min over T of sum_ij T_ij C_ij
 *     where T >= 0 has row sums 1 / words and column sums 1 / regions
 *
 * T comes from IPOT (Xie et al., arXiv 1802.04307), an inexact proximal point method that needs no
 * gradient. The gradient of D is that of C with T held constant. Padding has no share in it.
 * Source: UNITER (arXiv 1909.11740, section 3.2: WRA); the release's model/ot.py.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { withoutGradient } from "../model/custom_gradient.ts";
import { unitVectors } from "../model/unit_vectors.ts";

export interface TransportOptions {
  /** Of the outer loop, which is unrolled in the recorded program. Published: 50. */
  readonly iterations: number;
  /** Step size: a smaller one gets closer to the optimum, with larger numbers. Published: 0.5. */
  readonly beta: number;
}

/** Vectors of the words and regions of a batch of pairs, to be compared by their cosines. */
export interface WordsAndRegions {
  readonly words: Axes<"pair word hidden">;
  /** float32: 1 for [CLS], word pieces and [SEP], 0 for padding. */
  readonly wordMask: Axes<"pair word">;
  readonly regions: Axes<"pair region hidden">;
  readonly regionMask: Axes<"pair region">;
}

/** D of each pair. */
export function transportDistances(
  { words, wordMask, regions, regionMask }: WordsAndRegions,
  options: TransportOptions,
): Axes<"pair"> {
  const cosines = tf.matMul(unitVectors(words), unitVectors(regions), false, true);
  const both = present(wordMask, regionMask);
  const costs = tf.mul(tf.sub(1, cosines), both);
  const plan = withoutGradient(
    costs,
    (costs) => transportPlan(costs, { wordMask, regionMask }, options),
  );
  return tf.sum(tf.mul(plan, costs), [1, 2]);
}

/**
 * The loss that is added to image-text matching: D summed over matched pairs, minus D summed over the
 * others, divided by the number of pairs.
 * @param matched 1 where text and image belong together, else 0
 */
export function transportLoss(distances: Axes<"pair">, matched: Axes<"pair">): tf.Scalar {
  const signs = tf.sub(tf.mul(tf.cast(matched, "float32"), 2), 1);
  return tf.mean(tf.mul(distances, signs));
}

/**
 * T by IPOT, with one inner iteration:
 *
 *     A = exp(-C / beta)   Q = A * T   delta = 1 / (regions sigma Q)   sigma = 1 / (words Q delta)
 *     T <- sigma Q delta
 *
 * sigma starts at 1 / words, T at 1.
 */
export function transportPlan(
  costs: Axes<"pair word region">,
  { wordMask, regionMask }: Pick<WordsAndRegions, "wordMask" | "regionMask">,
  { iterations, beta }: TransportOptions,
): Axes<"pair word region"> {
  const both = present(wordMask, regionMask);
  const closeness = tf.mul(tf.exp(tf.div(costs, -beta)), both);
  const word = marginal(tf.expandDims(wordMask, 2)); // [pair, word, 1]
  const region = marginal(tf.expandDims(regionMask, 1)); // [pair, 1, region]
  let sigma = tf.div(word.mask, word.count);
  let plan = both;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const q = tf.mul(closeness, plan);
    const delta = inverse(tf.sum(tf.mul(q, sigma), 1, true), region);
    sigma = inverse(tf.sum(tf.mul(q, delta), 2, true), word);
    plan = tf.mul(tf.mul(sigma, q), delta);
  }
  return plan;
}

interface Marginal {
  readonly mask: tf.Tensor;
  /** [pair, 1, 1] */
  readonly count: tf.Tensor;
}

function marginal(mask: tf.Tensor): Marginal {
  return { mask, count: tf.maximum(tf.sum(mask, [1, 2], true), 1) };
}

/** 1 / (count x), but 0 in padding. */
function inverse(x: tf.Tensor, { mask, count }: Marginal): tf.Tensor {
  const safe = tf.add(tf.mul(tf.mul(count, x), mask), tf.sub(1, mask));
  return tf.div(mask, safe);
}

/** 1 for a word with a region, 0 where either is padding. */
function present(wordMask: tf.Tensor, regionMask: tf.Tensor): tf.Tensor {
  return tf.mul(tf.expandDims(wordMask, 2), tf.expandDims(regionMask, 1));
}
