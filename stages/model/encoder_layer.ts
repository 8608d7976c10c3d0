/**
 * One BERT layer with LayerNorm after each addition:
 * a = LN(x + dropout(dense(attention(x)))), y = LN(a + dropout(dense(gelu(dense(a))))).
 */
import * as tf from "@tensorflow/tfjs-core";
import { type AttentionOptions, firstPositions, layerName, selfAttention } from "./attention.ts";
import type { Axes } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import type { DeviceRandom } from "./keyed_random.ts";
import { dropout, gelu, layerNorm, linear } from "./layers.ts";
import type { Weights } from "./weights.ts";

/** The layer's output at the first `options.rows` positions. */
export function encoderLayer(
  weights: Weights,
  config: Configuration,
  layer: number,
  hidden: Axes<"pair position hidden">,
  options: AttentionOptions,
): Axes<"pair row hidden"> {
  const random = layerRandom(options.random, layer);
  const context = selfAttention(weights, config, layer, hidden, { ...options, random });
  const entering = firstPositions(hidden, options.rows);
  return afterAttention(weights, config, layer, { context, entering }, { ...options, random });
}

/** The stream of a layer's dropout. */
export function layerRandom(
  random: DeviceRandom | undefined,
  layer: number,
): DeviceRandom | undefined {
  return random?.fork("layer").fork(layer);
}

/**
 * What a layer computes at each position alone, from its attention's context and what entered the layer,
 * [..., hidden].
 */
export function afterAttention(
  weights: Weights,
  config: Configuration,
  layer: number,
  { context, entering }: { readonly context: tf.Tensor; readonly entering: tf.Tensor },
  { random, precision }: Training,
): tf.Tensor {
  const name = layerName(layer);
  const drop = (x: tf.Tensor, purpose: string) =>
    dropout(x, { rate: config.hidden_dropout_prob, random: random?.fork(purpose) });
  const mixed = drop(
    linear(weights, `${name}.attention.output.dense`, context, { precision }),
    "context",
  );
  const attended = layerNorm(
    weights,
    `${name}.attention.output.LayerNorm`,
    tf.add(mixed, entering),
  );
  const wide = gelu(linear(weights, `${name}.intermediate.dense`, attended, { precision }));
  const narrow = drop(linear(weights, `${name}.output.dense`, wide, { precision }), "feed forward");
  return layerNorm(weights, `${name}.output.LayerNorm`, tf.add(narrow, attended));
}
