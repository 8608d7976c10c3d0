/**
 * Scores the ranking problems of a micro-step as one batch of pairs: the image-anchored problems (an
 * image and candidate texts) first, then the text-anchored ones. Each anchor is embedded only once.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "../../model/attention.ts";
import type { Axes } from "../../model/axes.ts";
import type { Configuration } from "../../model/configuration.ts";
import { embedImage, embedText, type Training } from "../../model/embeddings.ts";
import type { DropRates } from "../../model/feature_drop.ts";
import { rankScores } from "../../model/heads.ts";
import { encodePairs, pooledPairs } from "../../model/uniter.ts";
import type { Weights } from "../../model/weights.ts";
import { branchVectors } from "../../score/frozen_branches.ts";
import type { PairTables } from "../../batch/row_tables.ts";
import { takeImages, takeTexts } from "../../batch/gather_rows.ts";
import { type Pass, releaseKeyBias } from "./release_layout.ts";

/** `RankingProblems` on the device; all int32. */
export interface RankingBatch {
  readonly [name: string]: tf.Tensor;
  readonly imageAnchors: Axes<"anchor">;
  readonly textCandidates: Axes<"anchor candidate">;
  readonly textAnchors: Axes<"anchor">;
  readonly imageCandidates: Axes<"anchor candidate">;
}

export interface ScoredBatch {
  /** The image-anchored problems, then the text-anchored ones: [2 anchors, candidate]. */
  readonly scores: Axes<"anchor candidate">;
  /** The hidden states that enter each layer, in the order of the pairs. */
  readonly entering: readonly Axes<"pair position hidden">[];
  readonly wordMask: Axes<"pair word">;
  readonly regionMask: Axes<"pair region">;
}

export interface ScoringOptions extends Training, RankingGround {
  /** Lays out image-anchored pairs as the release does without alignment; see `release_layout.ts`. */
  readonly releaseLayout?: ReleaseLayout | undefined;
}

/** What a step drops from pictures, and what is added to its scores. */
export interface RankingGround {
  readonly drops?: DropRates | undefined;
  /** Weight of the cosines of the frozen branches; 0: without branches. */
  readonly branchWeight?: number | undefined;
}

export interface ReleaseLayout {
  readonly pass: Pass;
  /** The batch as it was drawn, before mining. */
  readonly drawn: RankingBatch;
}

export function scoreBatch(
  weights: Weights,
  config: Configuration,
  tables: PairTables,
  batch: RankingBatch,
  { releaseLayout, drops, branchWeight = 0, ...training }: ScoringOptions = {},
): ScoredBatch {
  const [anchors = 0, candidates = 0] = batch.textCandidates.shape;
  const pairs = anchors * candidates;
  const { random, precision } = training;
  const rows = {
    texts: tf.concat1d([
      tf.reshape(batch.textCandidates, [pairs]),
      batch.textAnchors as tf.Tensor1D,
    ]),
    images: tf.concat1d([
      batch.imageAnchors as tf.Tensor1D,
      tf.reshape(batch.imageCandidates, [pairs]),
    ]),
  };
  const texts = takeTexts(tables, rows.texts);
  const images = takeImages(tables, rows.images, { drops, random });
  const text = embedText(weights, config, texts.tokens, { random });
  const image = embedImage(weights, config, images, { random, precision });
  const first = (x: tf.Tensor, count: number) => tf.slice(x, 0, count);
  const rest = (x: tf.Tensor, from: number) => tf.slice(x, from);
  const candidateFirst = (x: tf.Tensor) =>
    tf.concat([first(x, pairs), forEachCandidate(rest(x, pairs), candidates)]);
  const anchorFirst = (x: tf.Tensor) =>
    tf.concat([forEachCandidate(first(x, anchors), candidates), rest(x, anchors)]);
  const wordMask = candidateFirst(texts.wordMask);
  const regionMask = anchorFirst(images.regionMask);
  const encoded = encodePairs(weights, config, {
    textEmbedding: candidateFirst(text),
    wordMask,
    imageEmbedding: anchorFirst(image),
    regionMask,
    keyBias: releaseLayout && keyBias(tables, batch, releaseLayout, { wordMask, regionMask }),
  }, { keep: "cls", random, precision });
  const cross = tf.reshape(rankScores(weights, pooledPairs(weights, encoded)), [
    2 * anchors,
    candidates,
  ]);
  const branchCosines = () => {
    const { texts, pictures } = branchVectors(tables, rows, { drop: drops?.feature, random });
    const products = tf.mul(candidateFirst(texts), anchorFirst(pictures));
    return tf.reshape(tf.sum(products, -1), [2 * anchors, candidates]);
  };
  return {
    scores: branchWeight === 0
      ? cross
      : tf.add(cross, tf.mul(centred(branchCosines()), branchWeight)),
    entering: encoded.entering,
    wordMask,
    regionMask,
  };
}

/**
 * Cosines minus the mean of the correct answer's and the most similar wrong answer's: there the sigmoid
 * of the ranking loss is steepest. All candidates of an anchor are shifted alike.
 */
function centred(cosines: tf.Tensor): tf.Tensor {
  const [anchors = 0, candidates = 0] = cosines.shape;
  const right = tf.slice(cosines, [0, 0], [anchors, 1]);
  const likeliest = tf.max(tf.slice(cosines, [0, 1], [anchors, candidates - 1]), 1, true);
  return tf.sub(cosines, tf.div(tf.add(right, likeliest), 2));
}

/** The release's keys for the image-anchored pairs, all words and regions for the others. */
function keyBias(
  tables: PairTables,
  batch: RankingBatch,
  { pass, drawn }: ReleaseLayout,
  masks: Pick<ScoredBatch, "wordMask" | "regionMask">,
): tf.Tensor {
  const { wordMask, regionMask } = masks;
  const ordinary = maskedKeys(tf.concat([wordMask, regionMask], 1));
  const words = (candidates: tf.Tensor) => tf.gather(tables.words, candidates);
  const imageAnchored = releaseKeyBias(pass, {
    words: words(batch.textCandidates),
    drawn: words(drawn.textCandidates),
    regions: tf.gather(tables.regions, batch.imageAnchors),
  }, { words: wordMask.shape[1]!, regions: regionMask.shape[1]! });
  return tf.concat([imageAnchored, tf.slice(ordinary, imageAnchored.shape[0]!)]);
}

/** Repeats each row for every candidate: [anchor, ...] -> [anchor * candidate, ...]. */
function forEachCandidate(x: tf.Tensor, candidates: number): tf.Tensor {
  const [rows = 0, ...inner] = x.shape;
  const spread = tf.tile(tf.expandDims(x, 1), [1, candidates, ...inner.map(() => 1)]);
  return tf.reshape(spread, [rows * candidates, ...inner]);
}
