/**
 * A step of pretraining about one task alone, as one program.
 *
 *     masked_words            mean cross entropy of the masked words
 *     masked_region_features  squared error of the masked regions' features
 *     masked_region_classes   KL from the masked regions' classes
 *     matching                mean cross entropy of "belongs together"
 *     word_region_transport   that + weight * optimal transport of words to regions
 *     word_region_contrast    late interaction of embeddings (objective/contrast.ts)
 *     branch_contrast         one vector each (objective/contrast.ts)
 *     pair_ranking            rank scores of every text with every picture of the batch, on top of
 *                             frozen branches where they have a weight (objective/contrast.ts)
 *
 * Source: UNITER (arXiv 1909.11740, section 3.2); the contrasts are not UNITER's.
 */
import * as tf from "@tensorflow/tfjs-core";
import { pictureVectors, textVectors } from "../../model/branches.ts";
import type { Configuration } from "../../model/configuration.ts";
import { embedImage, embedText, withMaskedRegions } from "../../model/embeddings.ts";
import { dropChannels, type DropRates, dropRegions } from "../../model/feature_drop.ts";
import {
  matchLogits,
  rankScores,
  regionClassLogits,
  regionFeatures,
  wordLogits,
} from "../../model/heads.ts";
import { type DeviceRandom, deviceRandom } from "../../model/keyed_random.ts";
import { trainedNames } from "../../model/parameters.ts";
import {
  type EncodedPairs,
  type EncodeOptions,
  encodePairs,
  pooledPairs,
} from "../../model/uniter.ts";
import type { Weights } from "../../model/weights.ts";
import {
  branchContrast,
  inBatchRankingLoss,
  wordRegionContrast,
} from "../../objective/contrast.ts";
import { branchVectors } from "../../score/frozen_branches.ts";
import { imageTextMatchingLoss } from "../../objective/cross_entropy.ts";
import {
  maskedClassLoss,
  maskedFeatureLoss,
  maskedWordLoss,
} from "../../objective/masked_modelling.ts";
import {
  transportDistances,
  transportLoss,
  type TransportOptions,
} from "../../objective/optimal_transport.ts";
import { lossAndGradients } from "../gradients.ts";
import { matchProbabilities, rightlyJudged } from "../match_judgement.ts";
import type { PairTables } from "../../batch/row_tables.ts";
import { takeImages, takeTexts } from "../../batch/gather_rows.ts";
import type { TaskAlone } from "./task_batch.ts";

export interface TaskObjective {
  readonly temperature: number;
  readonly drops: DropRates;
  readonly transport: TransportOptions & { readonly weight: number };
  /** Of the frozen branches beneath `pair_ranking`; by default 0. */
  readonly branchWeight?: number;
}

export type TaskInputs = {
  readonly weights: Weights;
  /** With `pictures` [image, feature] and `pictureMean` [1, feature] for `branch_contrast`. */
  readonly tables: PairTables;
  /** `taskBatch` on the device. */
  readonly batch: { readonly [name: string]: tf.Tensor };
  readonly key: tf.Tensor;
};

export type TaskOutputs = {
  /** Of what the task trains; other weights have none. */
  readonly gradients: Record<string, tf.Tensor>;
  /** The loss, then what `toldOf` names. */
  readonly numbers: tf.Tensor;
  /** What competes: probabilities [pair], cosines or probabilities [text, image]; or [0]. */
  readonly scores: tf.Tensor;
};

/** Columns of `training_step` that a task fills beside the loss, in order. */
export const toldOf: Readonly<Record<TaskAlone, readonly string[]>> = {
  masked_words: ["masked_word_loss"],
  masked_region_features: ["masked_region_loss"],
  masked_region_classes: ["region_class_loss"],
  matching: ["matching_loss", "matching_accuracy"],
  word_region_transport: ["matching_loss", "matching_accuracy", "transport_loss"],
  word_region_contrast: ["contrast_loss"],
  branch_contrast: ["branch_loss"],
  pair_ranking: ["rank_loss"],
};

interface Judged {
  readonly loss: tf.Scalar;
  readonly told: readonly tf.Scalar[];
  readonly scores?: tf.Tensor;
}

export function taskStep(
  config: Configuration,
  task: TaskAlone,
  objective: TaskObjective,
  { weights, tables, batch, key }: TaskInputs,
): TaskOutputs {
  const random = deviceRandom(key as tf.Tensor1D);
  const names = trainedNames(config, [task]);
  const trained = Object.fromEntries(names.map((name) => [name, weights[name]!]));
  let scores: tf.Tensor | undefined;
  const { loss, gradients, parts } = lossAndGradients(trained, (weights) => {
    const judged = judge(task, { weights, config, objective, tables, batch, random });
    scores = judged.scores && tf.keep(judged.scores);
    return [judged.loss, ...judged.told];
  });
  const shown = scores === undefined ? tf.zeros([0]) : tf.clone(scores);
  scores?.dispose();
  return { gradients, numbers: tf.stack([loss, ...parts]), scores: shown };
}

interface Ground {
  readonly weights: Weights;
  readonly config: Configuration;
  readonly objective: TaskObjective;
  readonly tables: PairTables;
  readonly batch: { readonly [name: string]: tf.Tensor };
  readonly random: DeviceRandom;
}

function judge(task: TaskAlone, ground: Ground): Judged {
  switch (task) {
    case "masked_words":
      return alone(maskedWords(ground));
    case "masked_region_features":
    case "masked_region_classes":
      return alone(maskedRegions(task, ground));
    case "matching":
      return matching(ground, encoded(ground, { keep: "cls" }).pairs);
    case "word_region_transport":
      return matchingByTransport(ground);
    case "word_region_contrast":
      return alone(wordRegions(ground));
    case "branch_contrast":
      return branches(ground);
    case "pair_ranking":
      return pairRanking(ground);
    default:
      return task satisfies never;
  }
}

const alone = (loss: tf.Scalar): Judged => ({ loss, told: [loss] });

/** The pairs of the batch, dropped and masked, through the encoder. */
function encoded(
  ground: Ground,
  { keep }: Pick<EncodeOptions, "keep">,
) {
  const { weights, config, random } = ground;
  const embedded = embeddedPairs(ground);
  return { ...embedded, pairs: encodePairs(weights, config, embedded, { keep, random }) };
}

function embeddedPairs({ weights, config, objective, tables, batch, random }: Ground) {
  const { drops } = objective;
  const texts = takeTexts(tables, batch["texts"]!);
  const images = takeImages(tables, batch["images"]!);
  const features = dropChannels(images.features, {
    rate: drops.feature,
    random: random.fork("channels"),
  });
  const masked = batch["maskedRegions"];
  const seen = masked === undefined ? features : withMaskedRegions(weights, features, masked);
  return {
    textEmbedding: embedText(weights, config, batch["tokens"] ?? texts.tokens, { random }),
    wordMask: texts.wordMask,
    imageEmbedding: embedImage(weights, config, { features: seen, boxes: images.boxes }, {
      random,
    }),
    regionMask: dropRegions(images.regionMask, {
      rate: drops.region,
      random: random.fork("regions"),
    }),
    features: images.features,
  };
}

function maskedWords(ground: Ground): tf.Scalar {
  const { weights, config, batch } = ground;
  const { pairs } = encoded(ground, { keep: "words" });
  const rows = tf.reshape(pairs.last as tf.Tensor, [-1, config.hidden_size]);
  return maskedWordLoss(wordLogits(weights, tf.gather(rows, batch["maskedPlaces"]!)), {
    labels: batch["maskedWords"]!,
    masked: batch["maskedThere"]!,
  });
}

function maskedRegions(
  task: "masked_region_features" | "masked_region_classes",
  ground: Ground,
): tf.Scalar {
  const { weights, config, batch } = ground;
  const { pairs, features } = encoded(ground, { keep: "all" });
  const { regions } = wordsAndRegions(pairs, features.shape[1]!);
  const at = batch["regionRows"]!;
  const rows = tf.gather(tf.reshape(regions, [-1, config.hidden_size]), at);
  const there = batch["regionThere"]!;
  if (task === "masked_region_classes") {
    return maskedClassLoss(regionClassLogits(weights, rows), {
      actual: batch["regionClasses"]!,
      there,
    });
  }
  const actual = tf.gather(tf.reshape(features, [-1, config.img_dim]), at);
  return maskedFeatureLoss(regionFeatures(weights, rows), { actual, there });
}

function matching({ weights, batch }: Ground, pairs: EncodedPairs): Judged {
  const logits = matchLogits(weights, pooledPairs(weights, pairs));
  const matched = batch["matched"]!;
  const loss = imageTextMatchingLoss(logits, matched);
  return {
    loss,
    told: [loss, rightlyJudged(logits as tf.Tensor, matched)],
    scores: matchProbabilities(logits as tf.Tensor),
  };
}

function matchingByTransport(ground: Ground): Judged {
  const { objective: { transport }, batch } = ground;
  const { pairs, features, wordMask, regionMask } = encoded(ground, { keep: "all" });
  const judged = matching(ground, pairs);
  const places = wordsAndRegions(pairs, features.shape[1]!);
  const distances = transportDistances({ ...places, wordMask, regionMask }, transport);
  const carried = transportLoss(distances, batch["matched"]!);
  return {
    ...judged,
    loss: tf.add(judged.loss, tf.mul(carried, transport.weight)),
    told: [...judged.told, carried],
  };
}

function wordRegions(ground: Ground): tf.Scalar {
  const { textEmbedding, wordMask, imageEmbedding, regionMask } = embeddedPairs(ground);
  const batch = { words: textEmbedding, wordMask, regions: imageEmbedding, regionMask };
  return wordRegionContrast(batch, { temperature: ground.objective.temperature });
}

function branches({ weights, config, objective, tables, batch, random }: Ground): Judged {
  const { temperature, drops } = objective;
  const pictures = dropChannels(tf.gather(tables["pictures"]!, batch["images"]!), {
    rate: drops.feature,
    random: random.fork("channels"),
    centre: tables["pictureMean"]!,
  });
  const { loss, cosines } = branchContrast({
    texts: textVectors(weights, config, takeTexts(tables, batch["texts"]!), { random }),
    pictures: pictureVectors(weights, pictures),
    shown: batch["images"]!,
  }, { temperature });
  return { loss, told: [loss], scores: cosines as tf.Tensor };
}

/** Every text of the batch with every picture. */
function pairRanking(ground: Ground): Judged {
  const { weights, config, objective, batch, random } = ground;
  const { textEmbedding, wordMask, imageEmbedding, regionMask } = embeddedPairs(ground);
  const side = wordMask.shape[0]!;
  const pairs = encodePairs(weights, config, {
    textEmbedding: inGrid(textEmbedding, "rows"),
    wordMask: inGrid(wordMask, "rows"),
    imageEmbedding: inGrid(imageEmbedding, "columns"),
    regionMask: inGrid(regionMask, "columns"),
  }, { keep: "cls", random });
  // The head's bias moves all scores alike: softmax does not see it, and it is not trained.
  const head = { ...weights, "rank_output.bias": tf.zeros([1]) };
  const cross = tf.reshape(rankScores(head, pooledPairs(weights, pairs)), [side, side]);
  const { branchWeight = 0 } = objective;
  const scores = branchWeight === 0
    ? cross
    : tf.add(cross, tf.mul(frozenCosines(ground), branchWeight));
  const loss = inBatchRankingLoss(scores, batch["images"]!);
  return { loss, told: [loss], scores: tf.softmax(scores) };
}

/** Each row of x for every pair of its row, or column, of a square grid: [n, ...] -> [n * n, ...]. */
function inGrid(x: tf.Tensor, along: "rows" | "columns"): tf.Tensor {
  const [side = 0, ...inner] = x.shape;
  const axis = along === "rows" ? 1 : 0;
  const times = [1, 1, ...inner.map(() => 1)].map((one, at) => at === axis ? side : one);
  return tf.reshape(tf.tile(tf.expandDims(x, axis), times), [side * side, ...inner]);
}

function frozenCosines({ objective, tables, batch, random }: Ground): tf.Tensor {
  const { texts, pictures } = branchVectors(tables, {
    texts: batch["texts"]!,
    images: batch["images"]!,
  }, { drop: objective.drops.feature, random });
  return tf.matMul(texts as tf.Tensor, pictures as tf.Tensor, false, true);
}

/** The last layer's rows of words and of regions. */
function wordsAndRegions({ last }: EncodedPairs, regions: number) {
  const [pairs = 0, positions = 0, width = 0] = last.shape;
  const words = positions - regions;
  const part = (from: number, count: number) =>
    tf.slice(last as tf.Tensor, [0, from, 0], [pairs, count, width]);
  return { words: part(0, words), regions: part(words, regions) };
}
