/**
 * Scores the ranking problems of a micro-step as one batch of pairs: the image-anchored problems (an
 * image and candidate texts) first, then the text-anchored ones. Each anchor is embedded only once.
 */
import * as tf from "@tensorflow/tfjs-core";
import { maskedKeys } from "../../model/attention.ts";
import type { Axes } from "../../model/axes.ts";
import type { Configuration } from "../../model/configuration.ts";
import { embedImage, embedText, type Regions, type Training } from "../../model/embeddings.ts";
import type { DropRates } from "../../model/feature_drop.ts";
import { pooled, rankScores } from "../../model/heads.ts";
import { encodePacked, packPairs, type PairGroup, unpackedRows } from "../../model/packed_pairs.ts";
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
  /** One candidate of each problem of a direction. */
  candidate(direction: Direction, candidate: number): CandidatePairs;
}

/** By what the problems are anchored in. */
export type Direction = "image" | "text";

/** Pairs of anchors with one candidate each. */
export interface CandidatePairs {
  /** The hidden states that enter a layer. */
  entering(layer: number): Axes<"pair position hidden">;
  readonly wordMask: Axes<"pair word">;
  readonly regionMask: Axes<"pair region">;
}

export interface ScoringOptions extends Training, RankingGround {
  /** Lays out image-anchored pairs as the release does without alignment; see `release_layout.ts`. */
  readonly releaseLayout?: ReleaseLayout | undefined;
  /** How pairs are packed; undefined: all are padded to the longest. Not with `releaseLayout`. */
  readonly groups?: readonly PairGroup[] | undefined;
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
  { releaseLayout, drops, branchWeight = 0, groups, ...training }: ScoringOptions = {},
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
  const embedded = {
    text: embedText<"text">(weights, config, texts.tokens as Axes<"text word">, { random }),
    wordMask: texts.wordMask as Axes<"text word">,
    image: embedImage<"image">(weights, config, images as Regions<"image">, { random, precision }),
    regionMask: images.regionMask as Axes<"image region">,
  };
  const of = pairedRows(anchors, candidates);
  const encoded = groups === undefined
    ? paddedPairs(weights, config, embedded, of, {
      ...training,
      bias: releaseLayout && ((masks) => keyBias(tables, batch, releaseLayout, masks)),
    })
    : packedPairs(weights, config, { ...embedded, ...lengthsOf(tables, rows) }, of, {
      ...training,
      groups,
    });
  const cross = tf.reshape(encoded.scores, [2 * anchors, candidates]);
  const branchCosines = () => {
    const { texts, pictures } = branchVectors(tables, rows, { drop: drops?.feature, random });
    const products = tf.mul(of.texts(texts), of.images(pictures));
    return tf.reshape(tf.sum(products, -1), [2 * anchors, candidates]);
  };
  return {
    scores: branchWeight === 0
      ? cross
      : tf.add(cross, tf.mul(centred(branchCosines()), branchWeight)),
    // V losses are those of image-anchored problems, which come first.
    candidate: (direction, candidate) =>
      encoded.candidate((direction === "image" ? 0 : pairs) + candidate, {
        anchors,
        candidates,
      }),
  };
}

/** Which rows of embedded texts and images make the pairs. */
interface PairedRows {
  /** [text, ...] -> [pair, ...] */
  texts(x: tf.Tensor): tf.Tensor;
  /** [image, ...] -> [pair, ...] */
  images(x: tf.Tensor): tf.Tensor;
}

/** Texts are those of the candidates, then the anchors; images are the anchors, then the candidates. */
function pairedRows(anchors: number, candidates: number): PairedRows {
  const pairs = anchors * candidates;
  const first = (x: tf.Tensor, count: number) => tf.slice(x, 0, count);
  const rest = (x: tf.Tensor, from: number) => tf.slice(x, from);
  return {
    texts: (x) => tf.concat([first(x, pairs), forEachCandidate(rest(x, pairs), candidates)]),
    images: (x) => tf.concat([forEachCandidate(first(x, anchors), candidates), rest(x, anchors)]),
  };
}

/** Each problem's candidate: the pairs `first`, `first + candidates`, and so on. */
interface EncodedBatch {
  /** [pair] */
  readonly scores: tf.Tensor;
  candidate(
    first: number,
    sizes: { readonly anchors: number; readonly candidates: number },
  ): CandidatePairs;
}

interface Embedded {
  readonly text: Axes<"text word hidden">;
  readonly wordMask: Axes<"text word">;
  readonly image: Axes<"image region hidden">;
  readonly regionMask: Axes<"image region">;
}

type Masks = Pick<CandidatePairs, "wordMask" | "regionMask">;

function paddedPairs(
  weights: Weights,
  config: Configuration,
  { text, image, ...masks }: Embedded,
  of: PairedRows,
  { bias, ...training }: Training & { readonly bias?: ((masks: Masks) => tf.Tensor) | undefined },
): EncodedBatch {
  const wordMask = of.texts(masks.wordMask) as Axes<"pair word">;
  const regionMask = of.images(masks.regionMask) as Axes<"pair region">;
  const encoded = encodePairs(weights, config, {
    textEmbedding: of.texts(text) as Axes<"pair word hidden">,
    wordMask,
    imageEmbedding: of.images(image) as Axes<"pair region hidden">,
    regionMask,
    keyBias: bias?.({ wordMask, regionMask }),
  }, { keep: "cls", ...training });
  return {
    scores: rankScores(weights, pooledPairs(weights, encoded)),
    candidate(first, sizes) {
      const rows = (x: tf.Tensor) => candidateRows(x, first, sizes);
      return {
        entering: (layer) => rows(encoded.entering[layer]!) as Axes<"pair position hidden">,
        wordMask: rows(wordMask) as Axes<"pair word">,
        regionMask: rows(regionMask) as Axes<"pair region">,
      };
    },
  };
}

function packedPairs(
  weights: Weights,
  config: Configuration,
  { words, regions, ...embedded }:
    & Embedded
    & { readonly words: tf.Tensor; readonly regions: tf.Tensor },
  of: PairedRows,
  { groups, ...training }: Training & { readonly groups: readonly PairGroup[] },
): EncodedBatch {
  const every = (x: tf.Tensor) => tf.range(0, x.shape[0]!, 1, "int32");
  const texts = of.texts(every(words));
  const images = of.images(every(regions));
  const packed = packPairs({ ...embedded, words, regions, texts, images }, groups);
  const { entering, cls } = encodePacked(weights, config, packed, training);
  return {
    scores: rankScores(weights, pooled(weights, cls)),
    candidate(first, sizes) {
      const rows = (x: tf.Tensor) => candidateRows(x, first, sizes);
      const [ownTexts, ownImages] = [rows(texts), rows(images)];
      const own = { firstRow: rows(packed.firstRow), words: tf.gather(words, ownTexts) };
      const wordMask = tf.gather(embedded.wordMask as tf.Tensor, ownTexts);
      const regionMask = tf.gather(embedded.regionMask as tf.Tensor, ownImages);
      const places = { words: wordMask.shape[1]!, regions: regionMask.shape[1]! };
      return {
        entering: (layer) => unpackedRows(entering[layer]!, own, places),
        wordMask: wordMask as Axes<"pair word">,
        regionMask: regionMask as Axes<"pair region">,
      };
    },
  };
}

/** Words and regions of the rows. */
function lengthsOf(
  tables: PairTables,
  { texts, images }: { readonly texts: tf.Tensor; readonly images: tf.Tensor },
): { readonly words: tf.Tensor; readonly regions: tf.Tensor } {
  return { words: tf.gather(tables.words, texts), regions: tf.gather(tables.regions, images) };
}

/** Rows `first`, `first + candidates`, ... of one direction: [pair, ...] -> [anchor, ...]. */
function candidateRows(
  x: tf.Tensor,
  first: number,
  { anchors, candidates }: { readonly anchors: number; readonly candidates: number },
): tf.Tensor {
  const inner = x.shape.slice(1);
  const problem = Math.floor(first / candidates);
  const grouped = tf.reshape(x, [-1, candidates, ...inner]);
  const start = [problem, first % candidates, ...inner.map(() => 0)];
  return tf.reshape(tf.slice(grouped, start, [anchors, 1, ...inner]), [anchors, ...inner]);
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
  masks: Masks,
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
