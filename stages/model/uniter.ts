/**
 * The single-stream encoder: words, then regions, through one BERT stack.
 * Source: UNITER (arXiv 1909.11740); the release's model/model.py.
 *
 * Only some positions of the last layer are ever read ([CLS] for scores, words for masked words), so the
 * queries, output and feed-forward of that layer are computed for those alone, with the same results.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "./attention.ts";
import { type Axes, named, sizeOf } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import { encoderLayer } from "./encoder_layer.ts";
import { pooled, rankScores } from "./heads.ts";
import type { Weights } from "./weights.ts";

/** Embedded pairs. Words and regions may each be padded at the end. */
export interface PairBatch {
  readonly textEmbedding: Axes<"pair word hidden">;
  /** 1 for [CLS], word pieces and [SEP]; 0 for padding. int32, bool or float32. */
  readonly wordMask: Axes<"pair word">;
  readonly imageEmbedding: Axes<"pair region hidden">;
  /** 1 for a region, 0 for padding. */
  readonly regionMask: Axes<"pair region">;
  /** Added to the logits of keys, [pair, 1, 1, position]; by default -10000 where a mask is 0. */
  readonly keyBias?: tf.Tensor | undefined;
}

/** How much of the last layer to compute, and dropout. */
export interface EncodeOptions extends Training {
  /** Which positions of the last layer's output to compute. */
  readonly keep: "cls" | "words" | "all";
}

/** The encoder's output for a batch. */
export interface EncodedPairs {
  /** The hidden states that enter each layer, from which relation alignment computes attention. */
  readonly entering: readonly Axes<"pair position hidden">[];
  /** The last layer's output at the requested positions ([CLS] first). */
  readonly last: Axes<"pair row hidden">;
}

/** The whole stack. Positions are the words of the batch, then its regions. */
export function encodePairs(
  weights: Weights,
  config: Configuration,
  batch: PairBatch,
  { keep, random, precision }: EncodeOptions,
): EncodedPairs {
  const words = sizeOf("word", "pair word hidden", batch.textEmbedding);
  const regions = sizeOf("region", "pair region hidden", batch.imageEmbedding);
  const keyBias = batch.keyBias ?? maskedKeys(
    inSequence(tf.cast(batch.wordMask, "float32"), tf.cast(batch.regionMask, "float32")),
  );
  let hidden: Axes<"pair position hidden"> = inSequence(batch.textEmbedding, batch.imageEmbedding);
  const entering = [hidden];
  const lastLayer = config.num_hidden_layers - 1;
  for (let layer = 0; layer < lastLayer; layer++) {
    const options = { keyBias, rows: words + regions, random, precision };
    hidden = named("pair position hidden", encoderLayer(weights, config, layer, hidden, options));
    entering.push(hidden);
  }
  const rows = { cls: 1, words, all: words + regions }[keep];
  const last = encoderLayer(weights, config, lastLayer, hidden, {
    keyBias,
    rows,
    random,
    precision,
  });
  return { entering, last };
}

/** The pooled [CLS] of encoded pairs. */
export function pooledPairs(weights: Weights, { last }: EncodedPairs): Axes<"pair hidden"> {
  const [pairs = 0, , width = 0] = last.shape;
  const cls = tf.reshape(tf.slice(last, [0, 0, 0], [pairs, 1, width]), [pairs, width]);
  return pooled(weights, cls);
}

/** The raw rank score of each pair (no sigmoid), for mining, training and evaluation. */
export function pairScores(
  weights: Weights,
  config: Configuration,
  batch: PairBatch,
  training: Training = {},
): Axes<"pair"> {
  const encoded = encodePairs(weights, config, batch, { ...training, keep: "cls" });
  return rankScores(weights, pooledPairs(weights, encoded));
}

/** Words, then regions, along axis 1. */
function inSequence(words: tf.Tensor, regions: tf.Tensor): tf.Tensor {
  return tf.concat([words, regions], 1);
}
