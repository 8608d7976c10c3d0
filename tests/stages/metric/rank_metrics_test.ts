import assert from "node:assert/strict";
import fc from "fast-check";
import { discountedGain, rankMetrics } from "../../../stages/metric/rank_metrics.ts";
import { rankQueries, rightRanks } from "../../../stages/metric/recall.ts";
import { smallMatrix } from "../../support/small_matrix.ts";

const near = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs(found! - expected) < 1e-12, `${found} is not ${expected}`);

Deno.test("rankMetrics() equals NumPy 2 and scikit-learn 1.9.1", () => {
  const metrics = rankMetrics(rankQueries(smallMatrix), { recallAt: [3, 4] });
  // numpy.median, mean and mean of 1 / rank over ranks 4 5 6 5 5 and 5 5 3 4 4 5.
  near(metrics["i2t_median_rank"], 5);
  near(metrics["t2i_median_rank"], 4.5);
  near(metrics["i2t_mean_rank"], 5);
  near(metrics["t2i_mean_rank"], 26 / 6);
  near(metrics["i2t_mrr"], 0.2033333333333333);
  near(metrics["t2i_mrr"], 0.2388888888888889);
  // Means of sklearn.metrics.ndcg_score(1 for each correct answer, scores).
  near(metrics["i2t_ndcg"], 0.39984823364048044);
  near(metrics["t2i_ndcg"], 0.42031858964173513);
  near(metrics["t2i_r3"], 1 / 6);
  near(metrics["t2i_r4"], 3 / 6);
  near(metrics["i2t_r4"], 1 / 5);
  // R@5 is 4/5 and 6/6, R@10 is 1 and 1.
  near(metrics["rsum"], 4 / 5 + 1 + 2);
  assert.deepEqual(Object.keys(metrics).filter((name) => /_r\d/.test(name)), [
    "i2t_r3",
    "i2t_r4",
    "t2i_r3",
    "t2i_r4",
  ]);
});

Deno.test("each correct answer ranks after the wrong ones of equal score", () => {
  const right = new Set([1, 2, 4]);
  const { ranks, ties } = rightRanks(
    Float32Array.of(5, 5, 3, 3, 3, 9, 1, 5),
    (answer) => right.has(answer),
  );
  // 9, 5, 5, (5), 3, (3), (3), 1: those in brackets are correct.
  assert.deepEqual({ ranks, ties }, { ranks: [4, 6, 7], ties: 2 });
});

Deno.test("ranks of correct answers are those in the list sorted by score, wrong ones first", () => {
  const answers = fc.array(
    fc.record({ score: fc.integer({ min: 0, max: 5 }), right: fc.boolean() }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(fc.property(answers, (list) => {
    const sorted = list.toSorted((a, b) => b.score - a.score || Number(a.right) - Number(b.right));
    const { ranks } = rightRanks(
      Float32Array.from(list, ({ score }) => score),
      (answer) => list[answer]!.right,
    );
    assert.deepEqual(ranks, sorted.flatMap(({ right }, place) => right ? [place + 1] : []));
  }));
});

Deno.test("nDCG is 1 if all correct answers come first, and less otherwise", () => {
  assert.equal(discountedGain([1, 2, 3]), 1);
  const ranks = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(ranks, (drawn) => {
    const sorted = drawn.toSorted((a, b) => a - b);
    const gain = discountedGain(sorted);
    const first = sorted.at(-1) === sorted.length;
    assert.ok(gain > 0 && (first ? gain === 1 : gain < 1));
  }));
});
