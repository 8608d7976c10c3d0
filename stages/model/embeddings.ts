/**
 * UNITER's embeddings: the input of the encoder's first layer, at each word and each region. A caption
 * or an image is embedded once, no matter how many pairs it is part of.
 * Source: UNITER (arXiv 1909.11740, section 3.1); the release's model/model.py.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type Axes, named } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import { customGradient } from "./custom_gradient.ts";
import { dropout, layerNorm, linear } from "./layers.ts";
import type { DeviceRandom } from "./keyed_random.ts";
import type { Precision } from "./matrix_product.ts";
import { weight, type Weights } from "./weights.ts";

/** With a random stream: training, with dropout. Without: evaluation. */
export interface Training {
  readonly random?: DeviceRandom | undefined;
  /** Of the large matrix products; by default float32. */
  readonly precision?: Precision | undefined;
}

const TEXT = "uniter.embeddings";
const IMAGE = "uniter.img_embeddings";
/** The padding token. Its row of the table gets no gradient from lookups, as with PyTorch's padding_idx. */
const PADDING = 0;

/**
 * LN(word[token] + position[index] + type[0]), then dropout.
 * @param tokens int32 ids: [CLS], word pieces, [SEP], then 0 as padding.
 */
export function embedText<Item extends string = "pair">(
  weights: Weights,
  config: Configuration,
  tokens: Axes<`${Item} word`>,
  { random }: Training = {},
): Axes<`${Item} word hidden`> {
  const [, words = 0] = named("text word", tokens).shape;
  if (words > config.max_position_embeddings) {
    throw new Error(
      `internal: ${words} words, but the model has ${config.max_position_embeddings} positions`,
    );
  }
  const hidden = config.hidden_size;
  const table = weight(weights, `${TEXT}.word_embeddings.weight`);
  const word = withoutGradientAt(
    tf.gather(table, tokens),
    tf.equal(tokens, tf.scalar(PADDING, "int32")),
  );
  const position = tf.slice(weight(weights, `${TEXT}.position_embeddings.weight`), [0, 0], [
    words,
    hidden,
  ]);
  const sum = tf.add(word, tf.add(position, typeRow(weights, config, 0)));
  const normal = layerNorm(weights, `${TEXT}.LayerNorm`, sum);
  return dropout(normal, { rate: config.hidden_dropout_prob, random: random?.fork("text") });
}

/** The regions of a batch, with their boxes. */
export interface Regions<Item extends string = "pair"> {
  readonly features: Axes<`${Item} region feature`>;
  /** x1, y1, x2, y2, w, h, w*h, as fractions of the image's size. */
  readonly boxes: Axes<`${Item} region box`>;
}

/**
 * Features in which masked regions are replaced by the mask's own vector, row 1 of `mask_embedding`.
 * @param masked float32: 1 where a region is masked, 0 elsewhere
 */
export function withMaskedRegions(
  weights: Weights,
  features: Axes<"pair region feature">,
  masked: Axes<"pair region">,
): Axes<"pair region feature"> {
  const table = weight(weights, `${IMAGE}.mask_embedding.weight`);
  const vector = tf.slice(table, [1, 0], [1, table.shape[1]!]);
  const where = tf.expandDims(masked, 2);
  return tf.add(tf.mul(features, tf.sub(1, where)), tf.mul(where, vector));
}

/** LN( LN(feature W) + LN(box W) + type[1] ), then dropout. */
export function embedImage<Item extends string = "pair">(
  weights: Weights,
  config: Configuration,
  { features, boxes }: Regions<Item>,
  { random, precision }: Training = {},
): Axes<`${Item} region hidden`> {
  const appearance = layerNorm(
    weights,
    `${IMAGE}.img_layer_norm`,
    linear(weights, `${IMAGE}.img_linear`, features, { precision }),
  );
  const location = layerNorm(
    weights,
    `${IMAGE}.pos_layer_norm`,
    linear(weights, `${IMAGE}.pos_linear`, boxes),
  );
  const sum = tf.add(tf.add(appearance, location), typeRow(weights, config, 1));
  const normal = layerNorm(weights, `${IMAGE}.LayerNorm`, sum);
  return dropout(normal, { rate: config.hidden_dropout_prob, random: random?.fork("image") });
}

/** The type embedding of a modality, [1, hidden]: 0 text, 1 image. */
function typeRow(weights: Weights, config: Configuration, type: 0 | 1): tf.Tensor {
  const table = weight(weights, `${TEXT}.token_type_embeddings.weight`);
  return tf.slice(table, [type, 0], [1, config.hidden_size]);
}

/** The same values, but no gradient where `blocked` ([text, word]) is true. */
function withoutGradientAt(x: tf.Tensor, blocked: tf.Tensor): tf.Tensor {
  const passing = tf.expandDims(tf.cast(tf.logicalNot(blocked), "float32"), -1);
  const gate = customGradient((value, save) => {
    save([passing]);
    return { value: tf.clone(value), gradFunc: (dy, [passing]) => tf.mul(dy, passing!) };
  });
  return gate(x);
}
