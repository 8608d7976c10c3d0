/**
 * The single-stream encoder: text places, then image places, through one BERT stack.
 * Source: UNITER (arXiv 1909.11740); the release's model/model.py.
 *
 * Exact saving: of the last layer only some positions are ever read ([CLS] for scores, words for
 * masked words), so queries, output and feed-forward of that layer are computed for those alone.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "./attention.ts";
import { type Axes, named, sizeOf } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import { encoderLayer } from "./encoder_layer.ts";
import { pooled, rankScores } from "./heads.ts";
import type { Weights } from "./weights.ts";

/** Embedded pairs. Padding may stand at the end of the words and at the end of the regions. */
export interface PairBatch {
  readonly textEmbedding: Axes<"pair word hidden">;
  /** 1 for [CLS], word pieces and [SEP]; 0 for padding. int32, bool or float32. */
  readonly wordMask: Axes<"pair word">;
  readonly imageEmbedding: Axes<"pair region hidden">;
  /** 1 for a region, 0 for padding. */
  readonly regionMask: Axes<"pair region">;
  /** Added to the logits of keys, [pair, 1, 1, position]; by default -10000 where the masks have 0. */
  readonly keyBias?: tf.Tensor | undefined;
}

/** How much of the last layer to compute, and whether to drop. */
export interface EncodeOptions extends Training {
  /** Which positions of the last layer's output are wanted. */
  readonly keep: "cls" | "words" | "all";
}

/** What the encoder makes of a batch. */
export interface EncodedPairs {
  /** The hidden states that enter each layer; relation alignment reads its attention there. */
  readonly entering: readonly Axes<"pair position hidden">[];
  /** The last layer's output at the positions that were asked for ([CLS] first). */
  readonly last: Axes<"pair row hidden">;
}

/** The whole stack. Positions are those of the batch: its word places, then its region places. */
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

/** The pooled [CLS] of pairs whose last layer was kept. */
export function pooledPairs(weights: Weights, { last }: EncodedPairs): Axes<"pair hidden"> {
  const [pairs = 0, , width = 0] = last.shape;
  const cls = tf.reshape(tf.slice(last, [0, 0, 0], [pairs, 1, width]), [pairs, width]);
  return pooled(weights, cls);
}

/** The raw rank score of each pair (no sigmoid), for mining, training and evaluation alike. */
export function pairScores(
  weights: Weights,
  config: Configuration,
  batch: PairBatch,
  training: Training = {},
): Axes<"pair"> {
  const encoded = encodePairs(weights, config, batch, { ...training, keep: "cls" });
  return rankScores(weights, pooledPairs(weights, encoded));
}

/** Word places, then region places, along axis 1. */
function inSequence(words: tf.Tensor, regions: tf.Tensor): tf.Tensor {
  return tf.concat([words, regions], 1);
}
