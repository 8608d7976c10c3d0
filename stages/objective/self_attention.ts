/**
 * A layer's self-attention, cut into its four blocks (arXiv 2105.13868, section 3.1): words to words
 * (S_LL), regions to regions (S_VV), words to regions (S_LV), regions to words (S_VL). [CLS] and [SEP]
 * are left out. Each block has a softmax of its own, so every row of every block sums to 1. As in the
 * release, there is no attention dropout; by default, as there, the last layer's heads are averaged.
 */
import * as tf from "@tensorflow/tfjs-core";
import { attentionLogits, maskedKeys } from "../model/attention.ts";
import { type Axes, named } from "../model/axes.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Weights } from "../model/weights.ts";

/** The four blocks of a batch of pairs. Unpadded rows sum to 1, padded columns are 0. */
export interface AttentionBlocks {
  readonly tokenToToken: Axes<"pair token token">;
  readonly regionToRegion: Axes<"pair region region">;
  readonly tokenToRegion: Axes<"pair token region">;
  readonly regionToToken: Axes<"pair region token">;
  /** float32: 1 for word pieces, 0 for padding. */
  readonly tokenMask: Axes<"pair token">;
  /** float32: 1 for regions, 0 for padding. */
  readonly regionMask: Axes<"pair region">;
}

/** Which words and regions are not padding. */
export interface PairMasks {
  /** 1 for [CLS], word pieces, [SEP], in this order and without gaps; then 0. */
  readonly wordMask: Axes<"pair word">;
  readonly regionMask: Axes<"pair region">;
}

/** Which attention of a pair is read. */
export interface AttentionReading {
  /** Counted from 0; by default the last. */
  readonly layer?: number;
  /**
   * `mean`: the mean of the heads' blocks (the default). `each`: every head counts as a pair of its
   * own, so the axis `pair` is pair * head, with the heads of a pair next to each other.
   */
  readonly heads?: "mean" | "each";
}

/**
 * The blocks of one layer.
 * @param entering the hidden states that enter that layer, words first, then regions
 */
export function attentionBlocks(
  weights: Weights,
  config: Configuration,
  entering: Axes<"pair position hidden">,
  masks: PairMasks,
  { layer = config.num_hidden_layers - 1, heads = "mean" }: AttentionReading = {},
): AttentionBlocks {
  const [pairs = 0, words = 0] = named("pair word", masks.wordMask).shape;
  const [, regions = 0] = named("pair region", masks.regionMask).shape;
  const tokens = words - 2;
  // A position is a word piece if the next one is still in the text; the last one is [SEP].
  const tokenMask = tf.cast(
    tf.slice(masks.wordMask, [0, 2], [pairs, tokens]),
    "float32",
  );
  const regionMask = tf.cast(masks.regionMask, "float32");

  // [pair, position, hidden] -> [pair, token + region, hidden]
  const content = tf.concat<tf.Tensor>([
    tf.slice(entering, [0, 1, 0], [pairs, tokens, -1]),
    tf.slice(entering, [0, words, 0], [pairs, regions, -1]),
  ], 1);
  const logits = attentionLogits(weights, config, layer, content, {
    rows: tokens + regions,
  });

  const text = { start: 0, size: tokens, keyBias: maskedKeys(tokenMask) };
  const image = { start: tokens, size: regions, keyBias: maskedKeys(regionMask) };
  const block = (from: typeof text, to: typeof text): tf.Tensor => {
    const cut = tf.slice(logits, [0, 0, from.start, to.start], [
      -1,
      -1,
      from.size,
      to.size,
    ]);
    const shares = tf.softmax(tf.add(cut, to.keyBias)); // [pair, head, from, to]
    return heads === "mean" ? tf.mean(shares, 1) : tf.reshape(shares, [-1, from.size, to.size]);
  };
  const perHead = (mask: tf.Tensor): tf.Tensor => {
    if (heads === "mean") return mask;
    const [, length = 0] = mask.shape;
    const repeated = tf.tile(tf.expandDims(mask, 1), [1, config.num_attention_heads, 1]);
    return tf.reshape(repeated, [-1, length]);
  };
  return {
    tokenToToken: block(text, text),
    regionToRegion: block(image, image),
    tokenToRegion: block(text, image),
    regionToToken: block(image, text),
    tokenMask: perHead(tokenMask),
    regionMask: perHead(regionMask),
  };
}
