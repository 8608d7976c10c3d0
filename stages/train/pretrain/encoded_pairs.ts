/** The pairs of a batch as most tasks see them: with drops and masks, embedded, and encoded. */
import * as tf from "@tensorflow/tfjs-core";
import { takeImages, takeTexts } from "../../batch/gather_rows.ts";
import { named } from "../../model/axes.ts";
import { embedImage, embedText, withMaskedRegions } from "../../model/embeddings.ts";
import { dropChannels, dropRegions } from "../../model/feature_drop.ts";
import { type EncodedPairs, type EncodeOptions, encodePairs } from "../../model/uniter.ts";
import type { RowBatch } from "./batch_rows.ts";
import type { LossInput } from "./task.ts";

export interface PairMasks {
  /** int32 [pair, word]: the texts with some words masked. */
  readonly tokens?: tf.Tensor;
  /** float32 [pair, region]: 1 where a region is masked. */
  readonly regions?: tf.Tensor;
}

export function embeddedPairs(
  { weights, config, objective: { drops }, tables, batch, random }: LossInput<RowBatch>,
  masks: PairMasks = {},
) {
  const texts = takeTexts(tables, batch.texts);
  const images = takeImages(tables, batch.images);
  const features = dropChannels(images.features, {
    rate: drops.feature,
    random: random.fork("channels"),
  });
  const shown = masks.regions === undefined
    ? features
    : withMaskedRegions(weights, features, masks.regions);
  return {
    textEmbedding: embedText(weights, config, masks.tokens ?? texts.tokens, { random }),
    wordMask: texts.wordMask,
    imageEmbedding: embedImage(weights, config, { features: shown, boxes: images.boxes }, {
      random,
    }),
    regionMask: dropRegions(images.regionMask, {
      rate: drops.region,
      random: random.fork("regions"),
    }),
    /** Neither dropped nor masked. */
    features: images.features,
  };
}

/** @param options what is kept of the last layer, and what is masked */
export function encodedPairs(
  input: LossInput<RowBatch>,
  { keep, ...masks }: Pick<EncodeOptions, "keep"> & PairMasks,
) {
  const { weights, config, random } = input;
  const embedded = embeddedPairs(input, masks);
  return { ...embedded, pairs: encodePairs(weights, config, embedded, { keep, random }) };
}

/** The last layer's rows of words and of regions. */
export function wordsAndRegions({ last }: EncodedPairs, regions: number) {
  const [pairs = 0, positions = 0, width = 0] = last.shape;
  const words = positions - regions;
  const part = (from: number, count: number) => tf.slice(last, [0, from, 0], [pairs, count, width]);
  return {
    words: named("pair word hidden", part(0, words)),
    regions: named("pair region hidden", part(words, regions)),
  };
}
