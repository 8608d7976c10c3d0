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
import { inBatchRankingLoss } from "../../../objective/contrast.ts";
import { branchVectors } from "../../../score/frozen_branches.ts";
import { signsOfGrid } from "../../score_signs.ts";
import { imagesInEpochs, type PairRows, type RowBatch, rowBatch } from "../batch_rows.ts";
import { embeddedPairs } from "../encoded_pairs.ts";
import type { BatchSource, LossInput, PretrainingTask } from "../task.ts";

export const pairRanking: PretrainingTask<RowBatch> = {
  // The head's bias moves all scores alike: softmax does not see it, and it is not trained.
  trains: [...pooledPairParts, "rank_output.weight"],
  reports: ["rank_loss"],
  needs: ["frozen_branches"],
  start: ({ model }) => withRankHead(model.weights),
  batch: (source, step) => rowBatch(competingPairs(source, step)),
  loss(input) {
    const { weights, config, objective: { branchWeight }, batch, random } = input;
    const { textEmbedding, wordMask, imageEmbedding, regionMask } = embeddedPairs(input);
    const side = wordMask.shape[0]!;
    const pairs = encodePairs(weights, config, {
      textEmbedding: inGrid(textEmbedding, "rows"),
      wordMask: inGrid(wordMask, "rows"),
      imageEmbedding: inGrid(imageEmbedding, "columns"),
      regionMask: inGrid(regionMask, "columns"),
    }, { keep: "cls", random });
    const head = { ...weights, "rank_output.bias": tf.zeros([1]) };
    const cross = tf.reshape(rankScores(head, pooledPairs(weights, pairs)), [side, side]);
    const scores = branchWeight === 0
      ? cross
      : tf.add(cross, tf.mul(frozenCosines(input), branchWeight));
    const loss = inBatchRankingLoss(scores, batch.images);
    return { loss, reported: [loss], scores: tf.softmax(scores) };
  },
  signs: signsOfGrid,
};

/**
 * As many texts and pictures as give `pairs` pairs at most. Pictures come in epochs; where there is a
 * pool, one does, with those of the next that the branches take for it most easily.
 */
function competingPairs(source: BatchSource, step: number): PairRows[] {
  const side = Math.floor(Math.sqrt(source.pairs));
  const { pool } = source;
  if (pool === undefined) return imagesInEpochs(source, step, { pairs: side });
  const [first, ...others] = imagesInEpochs(source, step, { pairs: 1 + pool.size });
  const likeliest = others
    .filter(({ image }) => image !== first!.image)
    .map((pair) => ({ pair, cosine: pool.cosine(first!.text, pair.image) }))
    .sort((a, b) => b.cosine - a.cosine);
  return [first!, ...likeliest.slice(0, side - 1).map(({ pair }) => pair)];
}

/** Each row of x for every pair of its row, or column, of a square grid: [n, ...] -> [n * n, ...]. */
function inGrid(x: tf.Tensor, along: "rows" | "columns"): tf.Tensor {
  const [side = 0, ...inner] = x.shape;
  const axis = along === "rows" ? 1 : 0;
  const times = [1, 1, ...inner.map(() => 1)].map((one, at) => at === axis ? side : one);
  return tf.reshape(tf.tile(tf.expandDims(x, axis), times), [side * side, ...inner]);
}

/** [text, image] */
function frozenCosines({ objective, tables, batch, random }: LossInput<RowBatch>): tf.Tensor {
  const { texts, pictures } = branchVectors(tables, batch, {
    drop: objective.drops.feature,
    random,
  });
  return tf.matMul<tf.Tensor>(texts, pictures, false, true);
}
