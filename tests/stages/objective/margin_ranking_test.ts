import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { rankingLosses } from "../../../stages/objective/margin_ranking.ts";
import { goldenJson } from "../../support/goldens.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const margin: number = goldenJson("expected.json").meta.margin;

tensorTest("rankingLosses() equal the release's for its candidates' scores", () => {
  for (const example of goldenJson("expected.json").hard_negative_and_iais_examples) {
    for (const { iais_layout: recorded } of [example.text_anchored, example.image_anchored]) {
      const scores = [0, ...recorded.hard_indices].map((at: number) =>
        recorded.candidate_scores[at]
      );
      const losses = rankingLosses(tf.tensor2d([scores]), { margin });
      assertClose(losses, recorded.rank_losses, 1e-5, "losses");
    }
  }
});

tensorTest("a problem's losses do not depend on others, and are 0 once the margin is kept", () => {
  const losses = rankingLosses(tf.tensor2d([[9, -9, 9], [0, 0, -9]]), { margin: 0.2 });
  const rows = losses.arraySync() as number[][];
  assert.equal(rows[0]![0], 0);
  assertClose([...rows[0]!, ...rows[1]!], [0, 0.2, 0.2, 0], 1e-6);
});

tensorTest("gradients raise the positive and lower the negatives that violate the margin", () => {
  const gradient = tf.grad((scores: tf.Tensor) => tf.sum(rankingLosses(scores, { margin: 0.2 })))(
    tf.tensor2d([[0, 0.1, -5]]),
  );
  const [positive, violating, kept] = gradient.dataSync() as unknown as [number, number, number];
  assert.ok(positive < 0 && violating > 0);
  assert.equal(kept, 0);
});
