/**
 * Multi-head self-attention: softmax(q k^T / sqrt(depth) + mask) v.
 * A masked key gets -10000, whose exponential is exactly 0 in float32: padding changes nothing.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named, sizeOf } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import { dropout, linear } from "./layers.ts";
import type { Training } from "./embeddings.ts";
import { matrixProduct, type Precision } from "./matrix_product.ts";
import type { Weights } from "./weights.ts";

/** The keys' mask, and which positions are queries. */
export interface AttentionOptions extends Training {
  /** From `maskedKeys`. */
  readonly keyBias: tf.Tensor;
  /** Only the first `rows` positions are queries; all positions are keys. */
  readonly rows: number;
}

/**
 * One layer's attention.
 * @returns the context of the first `rows` positions, with the heads' outputs concatenated
 */
export function selfAttention(
  weights: Weights,
  config: Configuration,
  layer: number,
  hidden: Axes<"pair position hidden">,
  { keyBias, rows, random, precision }: AttentionOptions,
): Axes<"pair row hidden"> {
  const name = `${layerName(layer)}.attention.self`;
  const values = splitHeads(config, linear(weights, `${name}.value`, hidden, { precision }));
  const logits = attentionLogits(weights, config, layer, hidden, { rows, precision });
  return attendedValues(config, { logits, keyBias, values }, {
    random: random?.fork("attention"),
    precision,
  });
}

/** The heads' weighted means of the values, next to one another: [pair, row, hidden]. */
export function attendedValues(
  config: Configuration,
  { logits, keyBias, values }: {
    readonly logits: Axes<"pair head row position">;
    readonly keyBias: tf.Tensor;
    /** [pair, head, position, depth] */
    readonly values: tf.Tensor;
  },
  { random, precision }: Training,
): Axes<"pair row hidden"> {
  const [pairs = 0, , rows = 0] = logits.shape;
  const attention = dropout(tf.softmax(tf.add(logits, keyBias)), {
    rate: config.attention_probs_dropout_prob,
    random,
  });
  const context = tf.transpose(matrixProduct(attention, values, { precision }), [0, 2, 1, 3]);
  // [pair, row, head, depth] -> [pair, row, hidden]
  return tf.reshape(context, [pairs, rows, config.hidden_size]);
}

/** q k^T / sqrt(depth) of a layer, before mask and softmax. */
export function attentionLogits(
  weights: Weights,
  config: Configuration,
  layer: number,
  hidden: Axes<"pair position hidden">,
  { rows, precision }: Pick<AttentionOptions, "rows" | "precision">,
): Axes<"pair head row position"> {
  const name = `${layerName(layer)}.attention.self`;
  const queries = scaledQueries(weights, config, layer, firstPositions(hidden, rows), precision);
  const keys = linear(weights, `${name}.key`, hidden, { precision });
  return named(
    "pair head row position",
    matrixProduct(splitHeads(config, queries), splitHeads(config, keys), {
      transposeB: true,
      precision,
    }),
  );
}

/** The queries of a layer, divided by sqrt(depth). @param queried [..., hidden] */
export function scaledQueries(
  weights: Weights,
  config: Configuration,
  layer: number,
  queried: tf.Tensor,
  precision: Precision | undefined,
): tf.Tensor {
  const scale = Math.sqrt(config.num_attention_heads / config.hidden_size);
  const name = `${layerName(layer)}.attention.self.query`;
  return tf.mul(linear(weights, name, queried, { precision }), scale);
}

/**
 * What is added to logits: 0 for a key (mask 1), -10000 for padding (mask 0). [pair, 1, 1, key]
 * @param mask over the keys: words, regions or whole sequences
 */
export function maskedKeys(mask: Axes<`pair ${string}`>): tf.Tensor {
  const [pairs = 0, keys = 0] = named("pair key", mask).shape;
  return tf.reshape(tf.mul(tf.sub(tf.cast(mask, "float32"), 1), 10000), [pairs, 1, 1, keys]);
}

/** The first `rows` positions of a sequence; the tensor itself if that is all of them. */
export function firstPositions(
  hidden: Axes<"pair position hidden">,
  rows: number,
): Axes<"pair row hidden"> {
  const [pairs = 0, positions = 0, width = 0] = named("pair position hidden", hidden).shape;
  const first = rows === positions ? hidden : tf.slice(hidden, [0, 0, 0], [pairs, rows, width]);
  return named("pair row hidden", first);
}

/** `uniter.encoder.layer.<layer>`, counted from 0. */
export function layerName(layer: number): string {
  return `uniter.encoder.layer.${layer}`;
}

/** [pair, position, hidden] -> [pair, head, position, depth] */
export function splitHeads(config: Configuration, x: tf.Tensor): tf.Tensor {
  const heads = config.num_attention_heads;
  const positions = sizeOf("position", "pair position hidden", x);
  return tf.transpose(
    tf.reshape(x, [x.shape[0]!, positions, heads, config.hidden_size / heads]),
    [0, 2, 1, 3],
  );
}
