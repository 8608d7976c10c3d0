/**
 * Pair ranking: rank scores of every text of a batch with every picture of it, on top of the frozen
 * branches' cosines where these have a weight. Not a task of UNITER's; see
 * `objective/contrast.ts`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { rankScores } from "../../../model/heads.ts";
import { withRankHead } from "../../../model/initial_weights.ts";
import { pooledPairParts } from "../../../model/parameters.ts";
import { encodePairs, pooledPairs } from "../../../model/uniter.ts";
import { familyRankingLoss, inBatchRankingLoss } from "../../../objective/contrast.ts";
import { branchVectors } from "../../../score/frozen_branches.ts";
import { signsOfRows } from "../../score_signs.ts";
import { isTrueOf } from "../../../batch/split_index.ts";
import {
  familiesInEpochs,
  imagesInEpochs,
  type PairRows,
  type RowBatch,
  rowBatch,
} from "../batch_rows.ts";
import { embeddedPairs } from "../encoded_pairs.ts";
import type { BatchArray, BatchSource, LossInput, PretrainingTask } from "../task.ts";

export type CompetingBatch = RowBatch & {
  /** float32 [grid, text, image]: 1 where a text of a grid is true of an image of it. */
  readonly right: BatchArray;
  /** With `families`: 1 where the images of a row and of a column are of one family. */
  readonly related?: BatchArray;
};

export const pairRanking: PretrainingTask<CompetingBatch> = {
  // The head's bias moves all scores alike: softmax does not see it, and it is not trained.
  trains: [...pooledPairParts, "rank_output.weight"],
  reports: ["rank_loss"],
  needs: ["frozen_branches", "two_pictures"],
  start: ({ model }) => withRankHead(model.weights),
  batch(source, step) {
    const pairs = competingPairs(source, step);
    const { index, families } = source;
    const areRelated = (row: PairRows, { image }: PairRows) =>
      index.familyOfImage![row.image]!.includes(image);
    return {
      ...rowBatch(pairs, index),
      right: inOneGrid(source, pairs, ({ text }, { image }) => isTrueOf(index, text, image)),
      ...(families && { related: inOneGrid(source, pairs, areRelated) }),
    };
  },
  loss(input) {
    const { weights, config, objective: { branchWeight }, batch, random } = input;
    const { textEmbedding, wordMask, imageEmbedding, regionMask } = embeddedPairs(input);
    const [grids = 0, side = 0] = batch.right.shape;
    const inGrids = (x: tf.Tensor, along: "rows" | "columns") => inGrid(x, along, { grids, side });
    const pairs = encodePairs(weights, config, {
      textEmbedding: inGrids(textEmbedding, "rows"),
      wordMask: inGrids(wordMask, "rows"),
      imageEmbedding: inGrids(imageEmbedding, "columns"),
      regionMask: inGrids(regionMask, "columns"),
    }, { keep: "cls", random });
    const head = { ...weights, "rank_output.bias": tf.zeros([1]) };
    const cross = tf.reshape(rankScores(head, pooledPairs(weights, pairs)), [grids, side, side]);
    const scores = branchWeight === 0
      ? cross
      : tf.add(cross, tf.mul(frozenCosines(input, { grids, side }), branchWeight));
    const loss = batch.related === undefined
      ? inBatchRankingLoss(scores, batch.right)
      : familyRankingLoss(scores, batch.right, batch.related);
    return { loss, reported: [loss], scores: tf.softmax(scores) };
  },
  signs: (scores, { right: { shape: [, side = 0] } }) =>
    signsOfRows(scores, side, (row) => row % side),
};

/**
 * As many texts and pictures as give `pairs` pairs at most. Pictures come in epochs, or in whole families;
 * where there is a pool, one does, with those of the next that the branches take for it most easily.
 */
function competingPairs(source: BatchSource, step: number): PairRows[] {
  const { pool, families } = source;
  const { grids, side } = gridsOf(source);
  if (families) return familiesInEpochs(source, step, { pairs: grids * side });
  if (pool === undefined) return imagesInEpochs(source, step, { pairs: grids * side });
  const [first, ...others] = imagesInEpochs(source, step, { pairs: 1 + pool.size });
  const likeliest = others
    .filter(({ image }) => image !== first!.image)
    .map((pair) => ({ pair, cosine: pool.cosine(first!.text, pair.image) }))
    .sort((a, b) => b.cosine - a.cosine);
  return [first!, ...likeliest.slice(0, side - 1).map(({ pair }) => pair)];
}

/** Square grids of texts and images that compete with each other. */
interface Grids {
  readonly grids: number;
  /** Number of texts, and of images, in each. */
  readonly side: number;
}

/** As many pairs as there may be, in one grid or in several of the given side. */
function gridsOf({ pairs, grid }: BatchSource): Grids {
  if (grid === undefined) return { grids: 1, side: Math.floor(Math.sqrt(pairs)) };
  return { grids: Math.floor(pairs / (grid * grid)), side: grid };
}

/**
 * float32 [grid, row, column]: 1 where the predicate holds for two rows of one grid, else 0. A pool may
 * have fewer pictures than a grid.
 */
function inOneGrid(
  { grid }: BatchSource,
  pairs: readonly PairRows[],
  holds: (row: PairRows, column: PairRows) => boolean,
): BatchArray {
  const side = grid ?? pairs.length;
  const values = pairs.flatMap((row, place) => {
    const start = place - place % side;
    return pairs.slice(start, start + side).map((column) => holds(row, column) ? 1 : 0);
  });
  return { shape: [pairs.length / side, side, side], values: Float32Array.from(values) };
}

/** Each row of x for every pair of its row, or column, of its grid: [grids * side, ...] -> [grids * side * side, ...]. */
function inGrid(x: tf.Tensor, along: "rows" | "columns", { grids, side }: Grids): tf.Tensor {
  const [, ...inner] = x.shape;
  const rest = along === "rows" ? [grids * side, 1, -1] : [grids, 1, -1];
  const repeated = tf.tile(tf.reshape(x, rest), [1, side, 1]);
  return tf.reshape(repeated, [grids * side * side, ...inner]);
}

/** [grid, text, image] */
function frozenCosines(
  { objective, tables, batch, random }: LossInput<RowBatch>,
  { grids, side }: Grids,
): tf.Tensor {
  const { texts, pictures } = branchVectors(tables, batch, {
    drop: objective.drops.feature,
    random,
  });
  const inGrids = (x: tf.Tensor) => tf.reshape(x, [grids, side, x.shape[1]!]);
  return tf.matMul<tf.Tensor>(inGrids(texts), inGrids(pictures), false, true);
}
