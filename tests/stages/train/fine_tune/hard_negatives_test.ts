import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import {
  hardCandidates,
  takeCandidates,
} from "../../../../stages/train/fine_tune/hard_negatives.ts";
import { goldenJson } from "../../../support/goldens.ts";
import { tensorTest } from "../../../support/tensor_test.ts";

tensorTest("hardCandidates() are the release's for its candidates' scores", () => {
  for (const example of goldenJson("expected.json").hard_negative_and_iais_examples) {
    for (const side of [example.text_anchored, example.image_anchored]) {
      for (const { candidate_scores, hard_indices } of [side.plain_layout, side.iais_layout]) {
        const chosen = hardCandidates(tf.tensor2d([candidate_scores]), {
          count: hard_indices.length,
        });
        const [positive, ...hard] = Array.from(chosen.dataSync());
        assert.equal(positive, 0);
        assert.deepEqual(hard.toSorted(), hard_indices.toSorted());
      }
    }
  }
});

tensorTest("hardCandidates() keeps the positive and no negative that another one beats", () => {
  const problem = fc.array(fc.float({ min: -9, max: 9, noNaN: true }), {
    minLength: 3,
    maxLength: 13,
  });
  fc.assert(fc.property(problem, fc.nat(), (scores, any) => {
    tf.tidy(() => {
      const count = 1 + any % (scores.length - 1);
      const [positive, ...hard] = hardCandidates(tf.tensor2d([scores]), { count }).dataSync();
      assert.equal(positive, 0);
      assert.equal(new Set(hard).size, count);
      const easiest = Math.min(...hard.map((at) => scores[at]!));
      const left = scores.filter((_, at) => at > 0 && !hard.includes(at));
      assert.ok(left.every((score) => score <= easiest));
    });
  }));
});

tensorTest(
  "hardCandidates() can keep the first negative: the others are the hardest of the rest",
  () => {
    const chosen = (scores: number[], count: number) =>
      Array.from(hardCandidates(tf.tensor2d([scores]), { count, keepFirst: true }).dataSync());
    assert.deepEqual(chosen([9, 1, 5, 7, 3], 3), [0, 1, 3, 2]);
    assert.deepEqual(chosen([9, 8, 5, 7, 3], 3), [0, 1, 3, 2]);
    assert.deepEqual(chosen([9, 1, 5, 7, 3], 1), [0, 1]);
    assert.deepEqual(chosen([9, 1], 1), [0, 1]);
    const each = hardCandidates(tf.tensor2d([[0, 1, 2, 3], [0, 3, 2, 1]]), {
      count: 2,
      keepFirst: true,
    });
    assert.deepEqual(each.arraySync(), [[0, 1, 3], [0, 1, 2]]);
  },
);

tensorTest("takeCandidates() takes each anchor's own rows, whatever follows the axes", () => {
  const values = tf.tensor3d([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]]);
  const chosen = tf.tensor2d([[0, 2], [0, 1]], undefined, "int32");
  assert.deepEqual(takeCandidates(values, chosen).arraySync(), [
    [[1, 2], [5, 6]],
    [[7, 8], [9, 10]],
  ]);
});

tensorTest("more hard negatives than negatives is an error", () => {
  assert.throws(
    () => hardCandidates(tf.tensor2d([[1, 2, 3]]), { count: 3 }),
    /internal: 3 hard negatives requested of 2/,
  );
});
