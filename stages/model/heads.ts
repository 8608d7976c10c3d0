/** What is read from the encoder's output: pooled [CLS], rank score, match logits, words. */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "./axes.ts";
import { gelu } from "./gelu.ts";
import { layerNorm } from "./layer_norm.ts";
import { linear } from "./linear.ts";
import { weight, type Weights } from "./weights.ts";

/** tanh(dense([CLS])). */
export function pooled(weights: Weights, cls: Axes<"pair hidden">): Axes<"pair hidden"> {
  return tf.tanh(linear(weights, "uniter.pooler.dense", cls));
}

/** How well text and image fit: one raw number per pair; the ranking loss takes its sigmoid. */
export function rankScores(weights: Weights, pooledCls: Axes<"pair hidden">): Axes<"pair"> {
  return tf.reshape(linear(weights, "rank_output", pooledCls), [-1]);
}

/** Logits of "does not match" (0) and "matches" (1). */
export function matchLogits(weights: Weights, pooledCls: Axes<"pair hidden">): Axes<"pair match"> {
  return linear(weights, "itm_output", pooledCls);
}

/**
 * Logits over the vocabulary: LN(gelu(dense(h))) word_embeddings^T + bias. The decoder is the word
 * embedding itself, as in BERT.
 */
export function wordLogits(weights: Weights, hidden: Axes<"row hidden">): Axes<"row entry"> {
  const name = "cls.predictions";
  const transformed = layerNorm(
    weights,
    `${name}.transform.LayerNorm`,
    gelu(linear(weights, `${name}.transform.dense`, hidden)),
  );
  const decoder = weight(weights, "uniter.embeddings.word_embeddings.weight");
  return tf.add(tf.matMul(transformed, decoder, false, true), weight(weights, `${name}.bias`));
}
