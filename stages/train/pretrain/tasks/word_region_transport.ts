/**
 * Word-region alignment: matching, with an optimal transport of words to regions that is cheap for
 * pairs that belong together and dear for others.
 *
 *     loss = matching + weight * transport
 *
 * Source: UNITER (arXiv 1909.11740, section 3.2, WRA).
 */
import * as tf from "@tensorflow/tfjs-core";
import { pooledPairs } from "../../../model/uniter.ts";
import { transportDistances, transportLoss } from "../../../objective/optimal_transport.ts";
import { encodedPairs, wordsAndRegions } from "../encoded_pairs.ts";
import type { PretrainingTask } from "../task.ts";
import { matching, type MatchingBatch, matchLoss } from "./matching.ts";

export const wordRegionTransport: PretrainingTask<MatchingBatch> = {
  ...matching,
  reports: [...matching.reports, "transport_loss"],
  loss(input) {
    const { weights, batch, objective: { transport } } = input;
    const { pairs, features, wordMask, regionMask } = encodedPairs(input, { keep: "all" });
    const match = matchLoss(weights, pooledPairs(weights, pairs), batch.matched);
    const places = wordsAndRegions(pairs, features.shape[1]!);
    const distances = transportDistances({ ...places, wordMask, regionMask }, transport);
    const carried = transportLoss(distances, batch.matched);
    return {
      loss: tf.add(match.loss, tf.mul(carried, transport.weight)),
      reported: [match.loss, match.accuracy, carried],
      scores: match.scores,
    };
  },
};
