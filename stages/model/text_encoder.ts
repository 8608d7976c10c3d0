/** The encoder over words alone, as BERT runs it: a text model, or the text half of UNITER by itself. */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "./attention.ts";
import { type Axes, sizeOf } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import { embedText, type Training } from "./embeddings.ts";
import { encoderLayer } from "./encoder_layer.ts";
import type { Weights } from "./weights.ts";

/**
 * @param tokens int32 ids: [CLS], word pieces, [SEP], then 0 as padding
 * @param wordMask 1 for what stands in the text, 0 for padding
 * @returns the last layer's hidden states
 */
export function encodeText(
  weights: Weights,
  config: Configuration,
  { tokens, wordMask }: { tokens: Axes<"pair word">; wordMask: Axes<"pair word"> },
  { random, precision }: Training = {},
): Axes<"pair word hidden"> {
  const rows = sizeOf("word", "pair word", tokens);
  const keyBias = maskedKeys(tf.cast(wordMask as tf.Tensor, "float32"));
  let hidden = embedText(weights, config, tokens, { random, precision }) as tf.Tensor;
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const options = { keyBias, rows, random, precision };
    hidden = encoderLayer(weights, config, layer, hidden, options) as tf.Tensor;
  }
  return hidden;
}

/**
 * The mean of the hidden states of a text's words, [CLS] and [SEP] among them: how sentence
 * transformers (MiniLM) read their encoder.
 *
 * @returns [pair, hidden]
 */
export function meanOfWords(
  hidden: Axes<"pair word hidden">,
  wordMask: Axes<"pair word">,
): Axes<"pair hidden"> {
  const mask = tf.expandDims(tf.cast(wordMask as tf.Tensor, "float32"), -1);
  return tf.div(tf.sum(tf.mul(hidden as tf.Tensor, mask), 1), tf.sum(mask, 1));
}
