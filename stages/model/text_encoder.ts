/** The encoder over words alone, as in BERT: a text model, or the text half of UNITER. */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "./attention.ts";
import { type Axes, named, sizeOf } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import { embedText, type Training } from "./embeddings.ts";
import { encoderLayer } from "./encoder_layer.ts";
import type { Weights } from "./weights.ts";

/**
 * @param tokens int32 ids: [CLS], word pieces, [SEP], then 0 as padding
 * @param wordMask 1 for [CLS], word pieces and [SEP], 0 for padding
 * @returns the last layer's hidden states
 */
export function encodeText(
  weights: Weights,
  config: Configuration,
  { tokens, wordMask }: { tokens: Axes<"text word">; wordMask: Axes<"text word"> },
  { random, precision }: Training = {},
): Axes<"text word hidden"> {
  const rows = sizeOf("word", "text word", tokens);
  const keyBias = maskedKeys(named("pair word", tf.cast(wordMask, "float32")));
  const embedded = embedText(weights, config, tokens, { random, precision });
  // For the encoder a text is a pair without an image.
  let hidden = named("pair position hidden", embedded);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const options = { keyBias, rows, random, precision };
    hidden = named("pair position hidden", encoderLayer(weights, config, layer, hidden, options));
  }
  return named("text word hidden", hidden);
}

/**
 * The mean of the hidden states of a text's words, including [CLS] and [SEP], as sentence transformers
 * (MiniLM) pool their encoder's output.
 */
export function meanOfWords(
  hidden: Axes<"text word hidden">,
  wordMask: Axes<"text word">,
): Axes<"text hidden"> {
  const mask = tf.expandDims(tf.cast(wordMask, "float32"), -1);
  return tf.div(tf.sum(tf.mul(hidden, mask), 1), tf.sum(mask, 1));
}
