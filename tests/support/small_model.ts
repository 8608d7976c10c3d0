/**
 * A small random model and random pairs. Every axis has a size of its own, so that swapped axes
 * show; all weights are far from their starting values, so that no term is hidden by a 0 or a 1.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type RandomStream, randomStream } from "../../pipeline/contract/random_stream.ts";
import type { Configuration } from "../../stages/model/configuration.ts";
import { embedImage, embedText, type Training } from "../../stages/model/embeddings.ts";
import { parameterTable } from "../../stages/model/parameters.ts";
import type { PairBatch } from "../../stages/model/uniter.ts";
import type { Weights } from "../../stages/model/weights.ts";

export const smallConfiguration: Configuration = {
  hidden_size: 26,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 29,
  vocab_size: 31,
  max_position_embeddings: 19,
  type_vocab_size: 2,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  initializer_range: 0.02,
  hidden_act: "gelu",
  img_dim: 17,
};

export function randomTensor(
  random: RandomStream,
  shape: number[],
  { mean = 0, deviation = 1 } = {},
): tf.Tensor {
  const values = new Float32Array(tf.util.sizeFromShape(shape));
  return tf.tensor(values.map((_, i) => mean + deviation * random.normal(i)), shape, "float32");
}

export function smallWeights(seed: number, config = smallConfiguration): Weights {
  const random = randomStream(seed).fork("weights");
  return Object.fromEntries(
    parameterTable(config).map(({ name, shape, start }) => [
      name,
      randomTensor(random.fork(name), [...shape], {
        mean: start === "one" ? 1 : 0,
        deviation: 0.3,
      }),
    ]),
  );
}

/** A pair outside of any batch: ids with [CLS] and [SEP], features and boxes of its regions. */
export interface LoosePair {
  readonly tokens: readonly number[];
  readonly features: readonly number[][];
  readonly boxes: readonly number[][];
}

/** @param sizes word places (at least 3) and regions (at least 1) of each pair. */
export function loosePairs(
  seed: number,
  sizes: readonly { readonly words: number; readonly regions: number }[],
): LoosePair[] {
  return sizes.map(({ words, regions }, place) => {
    const random = randomStream(seed).fork("pair").fork(place);
    const matrix = (purpose: string, columns: number) =>
      Array.from(
        { length: regions },
        (_, row) =>
          Array.from({ length: columns }, (_, column) =>
            random.fork(purpose).fork(row).normal(column)),
      );
    const word = (at: number) =>
      4 + random.fork("word").integer(at, smallConfiguration.vocab_size - 4);
    return {
      tokens: Array.from(
        { length: words },
        (_, at) => at === 0 ? 2 : at === words - 1 ? 3 : word(at),
      ),
      features: matrix("features", smallConfiguration.img_dim),
      boxes: matrix("boxes", 7),
    };
  });
}

/**
 * Embeds pairs as one batch, padded to the longest and by `extra` places more.
 * @param filling stands in padded places of features and boxes: it must not matter.
 */
export function batchOf(
  weights: Weights,
  pairs: readonly LoosePair[],
  { extra = 0, filling = 0, random }: { extra?: number; filling?: number } & Training = {},
): PairBatch {
  const words = Math.max(...pairs.map((pair) => pair.tokens.length)) + extra;
  const regions = Math.max(...pairs.map((pair) => pair.features.length)) + extra;
  const padded = <Item>(items: readonly Item[], length: number, padding: Item) =>
    Array.from({ length }, (_, at) => items[at] ?? padding);
  const config = smallConfiguration;
  const nowhere = (columns: number) => new Array<number>(columns).fill(filling);
  const tokens = tf.tensor2d(
    pairs.map((pair) => padded(pair.tokens, words, 0)),
    undefined,
    "int32",
  );
  const features = tf.tensor3d(
    pairs.map((pair) => padded(pair.features, regions, nowhere(config.img_dim))),
  );
  const boxes = tf.tensor3d(pairs.map((pair) => padded(pair.boxes, regions, nowhere(7))));
  const mask = (counts: number[], length: number) =>
    tf.tensor2d(counts.map((count) => padded(new Array<number>(count).fill(1), length, 0)));
  return {
    textEmbedding: embedText(weights, config, tokens, { random }),
    imageEmbedding: embedImage(weights, config, { features, boxes }, { random }),
    wordMask: mask(pairs.map((pair) => pair.tokens.length), words),
    regionMask: mask(pairs.map((pair) => pair.features.length), regions),
  };
}
