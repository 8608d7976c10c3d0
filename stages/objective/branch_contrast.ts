/**
 * Contrast of two branches: texts and pictures of a batch find each other by one vector each.
 *
 *     s(text, picture) = cos(text, picture) / temperature
 *
 * ranked within the batch (`in_batch_ranking.ts`).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { inBatchRankingLoss } from "./in_batch_ranking.ts";

export interface BranchBatch {
  /** Of length 1, row by row; row i of both belongs together. */
  readonly texts: Axes<"text common">;
  readonly pictures: Axes<"image common">;
  /** int32: which picture a row shows. */
  readonly shown: Axes<"pair">;
}

/** @returns the loss in nats, and the cosines [text, image] */
export function branchContrast(
  { texts, pictures, shown }: BranchBatch,
  { temperature }: { readonly temperature: number },
): { readonly loss: tf.Scalar; readonly cosines: Axes<"text image"> } {
  const cosines = tf.matMul(texts, pictures, false, true);
  return { loss: inBatchRankingLoss(tf.div(cosines, temperature), shown), cosines };
}
