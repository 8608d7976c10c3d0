/**
 * Pairs of different lengths without padding to the longest: the positions of all pairs follow one another
 * as the rows of one matrix, in groups of pairs with the same number of places. A pair's places are its
 * words, then its regions, without a gap, then padding. Only attention looks at groups; everything else
 * computes all rows at once. The results are those of `encodePairs`, but for the order of sums.
 */
import * as tf from "@tensorflow/tfjs-core";
import { attendedValues, layerName, maskedKeys, scaledQueries, splitHeads } from "./attention.ts";
import { type Axes, named } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import { afterAttention, layerRandom } from "./encoder_layer.ts";
import type { DeviceRandom } from "./keyed_random.ts";
import { linear } from "./layers.ts";
import { matrixProduct } from "./matrix_product.ts";
import type { Weights } from "./weights.ts";

/** Pairs that have the same number of places. */
export interface PairGroup {
  readonly pairs: number;
  /** Places of each pair; at least its words and regions. */
  readonly width: number;
}

/** Embedded texts and images, and how they make pairs. All but the last three are padded at the end. */
export interface UnpackedPairs {
  readonly text: Axes<"text word hidden">;
  /** 1 for [CLS], word pieces and [SEP]; 0 for padding. float32. */
  readonly wordMask: Axes<"text word">;
  readonly image: Axes<"image region hidden">;
  /** 1 for a region that is seen. float32. */
  readonly regionMask: Axes<"image region">;
  /** int32 [text]: words of each text. */
  readonly words: tf.Tensor;
  /** int32 [image]: regions of each image. */
  readonly regions: tf.Tensor;
  /** int32 [pair]: the place of its text, and of its image. */
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
}

export interface PackedPairs {
  readonly groups: readonly PairGroup[];
  readonly hidden: Axes<"row hidden">;
  /** By group: added to the logits of keys, [pair, 1, 1, place]. */
  readonly keyBias: readonly tf.Tensor[];
  /** int32 [pair]: the row of a pair's [CLS]; its words and regions follow. */
  readonly firstRow: tf.Tensor;
  /** int32 [pair]: the place of a pair among all, in the order of the rows. */
  readonly placeOf: tf.Tensor;
}

/** @param groups widest first; the longest pairs are put into the first group, and so on */
export function packPairs(
  { text, wordMask, image, regionMask, words, regions, texts, images }: UnpackedPairs,
  groups: readonly PairGroup[],
): PackedPairs {
  const [textCount = 0, wordPlaces = 0, width = 0] = text.shape;
  const [imageCount = 0, regionPlaces = 0] = image.shape;
  const rows = tf.concat([
    tf.reshape(text, [textCount * wordPlaces, width]),
    tf.reshape(image, [imageCount * regionPlaces, width]),
  ]);
  const seen = tf.concat([
    tf.reshape(wordMask, [textCount * wordPlaces]),
    tf.reshape(regionMask, [imageCount * regionPlaces]),
  ]);
  const wordsOf: tf.Tensor = tf.gather(words, texts);
  const lengths = tf.add(wordsOf, tf.gather(regions, images));
  const order = longestFirst(lengths);
  const firstWord = tf.mul(texts, tf.scalar(wordPlaces, "int32"));
  const firstRegion = tf.add(
    tf.mul(images, tf.scalar(regionPlaces, "int32")),
    tf.scalar(textCount * wordPlaces, "int32"),
  );
  let from = 0;
  const made = groups.map(({ pairs, width: places }) => {
    const chosen = tf.slice(order, from, pairs);
    from += pairs;
    const ofPairs = (x: tf.Tensor) => tf.reshape(tf.gather(x, chosen), [pairs, 1]);
    const place = tf.reshape(tf.range(0, places, 1, "int32"), [1, places]);
    const after = tf.sub(place, ofPairs(wordsOf)); // of the regions
    const isWord = tf.less(after, tf.scalar(0, "int32"));
    const source = tf.where(
      isWord,
      tf.add(ofPairs(firstWord), place),
      tf.add(ofPairs(firstRegion), after),
    );
    const isPair = tf.less(place, ofPairs(lengths));
    const index = tf.where(isPair, source, tf.zerosLike(source));
    const mask = tf.mul(tf.gather(seen, index), tf.cast(isPair, "float32"));
    return { index: tf.reshape(index, [pairs * places]), keyBias: maskedKeys(mask) };
  });
  const placeOf = longestFirst(tf.neg(order));
  return {
    groups,
    hidden: tf.gather(rows, tf.concat(made.map(({ index }) => index))),
    keyBias: made.map(({ keyBias }) => keyBias),
    firstRow: tf.gather(tf.tensor1d(firstRows(groups), "int32"), placeOf),
    placeOf,
  };
}

/** The first row of each pair, in the order of the rows. */
function firstRows(groups: readonly PairGroup[]): number[] {
  let row = 0;
  return groups.flatMap(({ pairs, width }) =>
    Array.from({ length: pairs }, () => {
      row += width;
      return row - width;
    })
  );
}

/** The places of the numbers, largest first; of equal numbers, the first comes first. */
function longestFirst(numbers: tf.Tensor): tf.Tensor {
  const [count = 0] = numbers.shape;
  const place = tf.range(0, count, 1, "int32");
  // No two keys are equal, and all are exact in float32.
  const keys = tf.sub(tf.mul(numbers, tf.scalar(count, "int32")), place);
  return tf.topk(tf.cast(keys, "float32"), count).indices;
}

export interface EncodedPacked {
  /** The hidden states that enter each layer. */
  readonly entering: readonly Axes<"row hidden">[];
  /** The last layer's output at [CLS], in the order of the pairs. */
  readonly cls: Axes<"pair hidden">;
}

/** The whole stack; of the last layer, [CLS] alone. */
export function encodePacked(
  weights: Weights,
  config: Configuration,
  packed: PackedPairs,
  { random, precision }: Training,
): EncodedPacked {
  let hidden: tf.Tensor = packed.hidden;
  const entering = [hidden];
  for (let layer = 0; layer < config.num_hidden_layers - 1; layer++) {
    hidden = packedLayer(weights, config, layer, packed, { hidden, queried: hidden }, {
      random,
      precision,
    });
    entering.push(hidden);
  }
  const first = tf.tensor1d(firstRows(packed.groups), "int32");
  const last = packedLayer(weights, config, config.num_hidden_layers - 1, packed, {
    hidden,
    queried: tf.gather(hidden, first),
  }, { random, precision });
  return { entering, cls: tf.gather(last, packed.placeOf) };
}

interface LayerRows {
  readonly hidden: tf.Tensor;
  /** The rows at which the layer is computed: all, or the first of each pair. */
  readonly queried: tf.Tensor;
}

function packedLayer(
  weights: Weights,
  config: Configuration,
  layer: number,
  { groups, keyBias }: PackedPairs,
  { hidden, queried }: LayerRows,
  { random: randomOfAll, precision }: Training,
): tf.Tensor {
  const random = layerRandom(randomOfAll, layer);
  const name = `${layerName(layer)}.attention.self`;
  const queries = scaledQueries(weights, config, layer, queried, precision);
  const keys = linear(weights, `${name}.key`, hidden, { precision });
  const values = linear(weights, `${name}.value`, hidden, { precision });
  const all = queried === hidden;
  const row = { queries: 0, keys: 0 };
  const contexts = groups.map(({ pairs, width }, group) => {
    const rows = all ? width : 1;
    const heads = (x: tf.Tensor, from: number, places: number) => {
      const part = tf.slice(x, [from, 0], [pairs * places, config.hidden_size]);
      return splitHeads(config, tf.reshape(part, [pairs, places, config.hidden_size]));
    };
    const logits = matrixProduct(
      heads(queries, row.queries, rows),
      heads(keys, row.keys, width),
      { transposeB: true, precision },
    );
    const context = attendedValues(config, {
      logits,
      keyBias: keyBias[group]!,
      values: heads(values, row.keys, width),
    }, { random: attentionRandom(random, group), precision });
    row.queries += pairs * rows;
    row.keys += pairs * width;
    return tf.reshape(context, [pairs * rows, config.hidden_size]);
  });
  const context = tf.concat(contexts);
  return afterAttention(weights, config, layer, { context, entering: queried }, {
    random,
    precision,
  });
}

function attentionRandom(
  random: DeviceRandom | undefined,
  group: number,
): DeviceRandom | undefined {
  return random?.fork("attention").fork(group);
}

/**
 * Rows of some pairs, as if they were not packed: words, then regions, each padded at the end.
 * @param rows [row, hidden], such as those that enter a layer
 * @param of the pairs; int32 [pair]: their first rows and numbers of words
 */
export function unpackedRows(
  rows: Axes<"row hidden">,
  of: { readonly firstRow: tf.Tensor; readonly words: tf.Tensor },
  places: { readonly words: number; readonly regions: number },
): Axes<"pair position hidden"> {
  const [count = 0] = rows.shape;
  const column = (x: tf.Tensor) => tf.reshape(x, [-1, 1]);
  const range = (length: number) => tf.reshape(tf.range(0, length, 1, "int32"), [1, length]);
  const first = column(of.firstRow);
  const index = tf.concat([
    tf.add(first, range(places.words)),
    tf.add(tf.add(first, column(of.words)), range(places.regions)),
  ], 1);
  const unpacked = tf.gather(rows, tf.minimum(index, tf.scalar(count - 1, "int32")));
  return named("pair position hidden", unpacked);
}
