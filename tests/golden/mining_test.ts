/** Mining and losses of recorded training positives, in both of the release's layouts. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import { alignments } from "../../stages/objective/alignment.ts";
import { hardCandidates } from "../../stages/train/fine_tune/hard_negatives.ts";
import { pairTables } from "../../stages/batch/row_tables.ts";
import { testCompute } from "../support/compute.ts";
import { batchOfProblems, goldenSplit } from "../support/golden_data.ts";
import {
  hardBatch,
  hardLosses,
  minedScores,
  positiveBlocks,
  positiveLoss,
} from "../support/golden_ranking.ts";
import {
  goldenCheckpoint,
  goldenConfiguration,
  goldenJson,
  goldenTolerance,
} from "../support/goldens.ts";
import { assertClose } from "../support/tensor_test.ts";

const expected = goldenJson("expected.json");
const { margin } = expected.meta;
const config = goldenConfiguration();
const tolerance = goldenTolerance();
await testCompute();
using split = await goldenSplit("train");
const tables = pairTables(split.set, split.index);
const weights = weightsOnDevice(await goldenCheckpoint());

const sides = [
  { anchored: "image_anchored", row: 0, negatives: "neg_txt_ids", modality: "image", letter: "V" },
  { anchored: "text_anchored", row: 1, negatives: "neg_img_ids", modality: "text", letter: "L" },
] as const;

for (const example of expected.hard_negative_and_iais_examples) {
  const { txt_id, img_id, image_anchored, text_anchored } = example;
  const drawnBatch = () =>
    batchOfProblems(split, {
      imageAnchored: { txt_id, img_id, neg_ids: image_anchored.neg_txt_ids },
      textAnchored: { txt_id, img_id, neg_ids: text_anchored.neg_img_ids },
    });

  for (const layout of ["plain", "iais"] as const) {
    Deno.test(`mined negatives and losses of ${txt_id} equal the release's, layout ${layout}`, () =>
      tf.tidy(() => {
        const ranking = { config, tables, drawn: drawnBatch(), layout };
        const mined = minedScores(weights, ranking).scores as tf.Tensor2D;
        const count = text_anchored[`${layout}_layout`].hard_indices.length;
        const chosen = hardCandidates(mined, { count }).arraySync() as number[][];
        const hard = hardBatch(weights, ranking, count);
        const losses = hardLosses(weights, ranking, { hard, margin }).arraySync() as number[][];
        for (const { anchored, row } of sides) {
          const recorded = example[anchored][`${layout}_layout`];
          assertClose(mined.arraySync()[row]!, recorded.candidate_scores, tolerance, anchored);
          const [positive, ...negatives] = chosen[row]!;
          assert.equal(positive, 0);
          assert.deepEqual(negatives.toSorted(), recorded.hard_indices.toSorted());
          const byCandidate = negatives.map((at) => recorded.rank_losses_by_candidate[at]);
          assertClose(losses[row]!, byCandidate, tolerance, `losses, ${anchored}`);
          const mean = losses[row]!.reduce((sum, loss) => sum + loss, 0) / count;
          assertClose([mean], [recorded.rank_loss_mean], tolerance, `mean loss, ${anchored}`);
        }
      }));
  }

  Deno.test(`alignment losses of ${txt_id} and the argmax positions they use equal the release's`, () =>
    tf.tidy(() => {
      const blocks = positiveBlocks(weights, { config, tables, drawn: drawnBatch() });
      const crossed = { image: blocks.regionToToken, text: blocks.tokenToRegion };
      for (const { anchored, row, modality, letter } of sides) {
        const best = tf.argMax(crossed[modality], 2).arraySync() as number[][];
        const { singular_argmax: places } = example[anchored].iais;
        assert.deepEqual(best[row]!.slice(0, places.length), places);
        for (const name of ["singular", "distributed"] as const) {
          const loss = positiveLoss(blocks, alignments[name], modality);
          const recorded = example[anchored].iais[`${letter}-${name}`];
          assertClose(loss, [recorded], tolerance, `${letter}-${name}`);
        }
      }
    }));
}

Deno.test("the recorded layouts differ, so one cannot be mistaken for the other", () => {
  const scores = (layout: string): number[] =>
    expected.hard_negative_and_iais_examples.flatMap((
      { image_anchored }: { image_anchored: Record<string, { candidate_scores: number[] }> },
    ) => image_anchored[layout]!.candidate_scores);
  const proper = scores("iais_layout");
  assert.ok(scores("plain_layout").some((score, at) => Math.abs(score - proper[at]!) > 0.01));
});
