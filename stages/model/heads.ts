/** The heads on the encoder's output: pooled [CLS], rank score, match logits, words, regions. */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "./axes.ts";
import { gelu, layerNorm, linear } from "./layers.ts";
import { weight, type Weights } from "./weights.ts";

/** tanh(dense([CLS])). */
export function pooled(weights: Weights, cls: Axes<"pair hidden">): Axes<"pair hidden"> {
  return tf.tanh(linear(weights, "uniter.pooler.dense", cls));
}

/** How well text and image match: one raw number per pair; the ranking loss takes its sigmoid. */
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

/**
 * The features of a masked region: LN(gelu(dense(h))) W + bias. W is the matrix that embeds features,
 * `img_linear`, transposed, just as the decoder of words is their embedding.
 */
export function regionFeatures(
  weights: Weights,
  hidden: Axes<"row hidden">,
): Axes<"row feature"> {
  const transformed = transformedRegion(weights, "feat_regress", hidden);
  const decoder = weight(weights, "uniter.img_embeddings.img_linear.weight");
  return tf.add(tf.matMul(transformed, decoder), weight(weights, "feat_regress.bias"));
}

/** Logits over the classes of a masked region. */
export function regionClassLogits(
  weights: Weights,
  hidden: Axes<"row hidden">,
): Axes<"row class"> {
  const transformed = transformedRegion(weights, "region_classifier", hidden);
  return linear(weights, "region_classifier.net.3", transformed);
}

/** LN(gelu(dense(h))), with the numbers that PyTorch's Sequential gives its parts. */
function transformedRegion(weights: Weights, name: string, hidden: tf.Tensor): tf.Tensor {
  return layerNorm(weights, `${name}.net.2`, gelu(linear(weights, `${name}.net.0`, hidden)));
}
