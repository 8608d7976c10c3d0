/**
 * A step of pretraining as one program: masked words and image-text matching, each on its own
 * half of the pairs.
 *
 *     loss = mean cross entropy of the masked words + mean cross entropy of matching
 *          + weight * word-region contrast of the matched pairs (objective/contrast.ts)
 *
 * Source: UNITER (arXiv 1909.11740, section 3.2), which draws one task per batch.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../../model/configuration.ts";
import { embedImage, embedText } from "../../model/embeddings.ts";
import { matchLogits, wordLogits } from "../../model/heads.ts";
import { dropChannels, type DropRates, dropRegions } from "../../model/feature_drop.ts";
import { type DeviceRandom, deviceRandom } from "../../model/keyed_random.ts";
import { encodePairs, pooledPairs } from "../../model/uniter.ts";
import type { Weights } from "../../model/weights.ts";
import { imageTextMatchingLoss } from "../../objective/cross_entropy.ts";
import { wordRegionContrast } from "../../objective/contrast.ts";
import { maskedWordLoss } from "../../objective/masked_modelling.ts";
import { lossAndGradients } from "../gradients.ts";
import { matchProbabilities, rightlyJudged } from "../match_judgement.ts";
import type { PairTables } from "../../batch/row_tables.ts";
import { takeImages, takeTexts } from "../../batch/gather_rows.ts";

export interface PretrainingObjective {
  /** Weight of the word-region contrast; 0 leaves it out. */
  readonly contrastWeight: number;
  readonly temperature: number;
  /** By default nothing is left out. */
  readonly drops?: DropRates;
}

export type PretrainingInputs = {
  readonly weights: Weights;
  readonly tables: PairTables;
  /** `PretrainingBatch` on the device. */
  readonly batch: { readonly [name: string]: tf.Tensor };
  readonly key: tf.Tensor;
};

export type PretrainingOutputs = {
  readonly gradients: Record<string, tf.Tensor>;
  /** [5]: loss, masked-word part, matching part, contrast, share of pairs judged rightly. */
  readonly numbers: tf.Tensor;
  /** [judged]: probabilities that the pairs belong together. */
  readonly scores: tf.Tensor;
};

export function pretrainingStep(
  config: Configuration,
  objective: PretrainingObjective,
  { weights, tables, batch, key }: PretrainingInputs,
): PretrainingOutputs {
  const random = deviceRandom(key as tf.Tensor1D);
  const texts = takeTexts(tables, batch["texts"]!);
  const images = dropped(takeImages(tables, batch["images"]!), objective.drops, random);
  const tokens = batch["tokens"]!;
  const matched = batch["matched"]!;
  let scores: tf.Tensor | undefined;
  const { loss, gradients, parts } = lossAndGradients(weights, (weights) => {
    const textEmbedding = embedText(weights, config, tokens, { random });
    const imageEmbedding = embedImage(weights, config, images, { random });
    const encoded = encodePairs(weights, config, {
      textEmbedding,
      wordMask: texts.wordMask,
      imageEmbedding,
      regionMask: images.regionMask,
    }, { keep: "words", random });
    const rows = tf.reshape(encoded.last as tf.Tensor, [-1, config.hidden_size]);
    const maskedRows = tf.gather(rows, batch["maskedPlaces"]!);
    const words = maskedWordLoss(wordLogits(weights, maskedRows), {
      labels: batch["maskedWords"]!,
      masked: batch["maskedThere"]!,
    });
    const judgedPairs = tf.gather(pooledPairs(weights, encoded) as tf.Tensor, batch["judged"]!);
    const logits = matchLogits(weights, judgedPairs);
    const matching = imageTextMatchingLoss(logits, matched);
    const judged = rightlyJudged(logits as tf.Tensor, matched);
    scores = tf.keep(matchProbabilities(logits as tf.Tensor));
    const contrast = objective.contrastWeight === 0 ? tf.scalar(0) : wordRegionContrast({
      words: maskedHalf(textEmbedding as tf.Tensor),
      wordMask: maskedHalf(texts.wordMask),
      regions: maskedHalf(imageEmbedding as tf.Tensor),
      regionMask: maskedHalf(images.regionMask),
    }, { temperature: objective.temperature });
    return [
      tf.add(tf.add(words, matching), tf.mul(contrast, objective.contrastWeight)) as tf.Scalar,
      words,
      matching,
      contrast,
      judged,
    ];
  });
  const shown = tf.clone(scores!);
  scores!.dispose();
  return { gradients, numbers: tf.stack([loss, ...parts]), scores: shown };
}

/** Images with channels and regions left out. */
function dropped<Images extends { readonly features: tf.Tensor; readonly regionMask: tf.Tensor }>(
  images: Images,
  drops: DropRates = { feature: 0, region: 0 },
  random: DeviceRandom,
) {
  const channels = { rate: drops.feature, random: random.fork("channels") };
  const regions = { rate: drops.region, random: random.fork("regions") };
  return {
    ...images,
    features: dropChannels(images.features, channels),
    regionMask: dropRegions(images.regionMask, regions) as tf.Tensor,
  };
}

/** Every second pair of a batch: those with masked words, which are all matched. */
function maskedHalf(x: tf.Tensor): tf.Tensor {
  const [pairs = 0, ...inner] = x.shape;
  const twos = tf.reshape(x, [pairs / 2, 2, ...inner]);
  const first = tf.slice(twos, twos.shape.map(() => 0), [pairs / 2, 1, ...inner]);
  return tf.reshape(first, [pairs / 2, ...inner]);
}
