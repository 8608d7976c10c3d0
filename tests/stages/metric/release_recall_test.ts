import assert from "node:assert/strict";
import fc from "fast-check";
import { rankQueries } from "../../../stages/metric/recall.ts";
import { recallMetrics } from "../../../stages/metric/rank_metrics.ts";
import { releaseRecall } from "../../../stages/metric/release_recall.ts";

Deno.test("releaseRecall() also compares the rows of hits with K", () => {
  //                        image 0  1  2
  const scores = Float32Array.from([3, 1, 2, /* */ 2, 4, 5, /* */ 1, 6, 0, /* */ 9, 7, 8]);
  const { metrics, ambiguous } = releaseRecall({
    scores,
    texts: 4,
    images: 3,
    imageOfText: [0, 0, 1, 2],
  });
  // Texts' ranks are 0, 2, 0, 1, all of them among the first ten.
  assert.equal(metrics["img_r1"], (2 + 1) / 4);
  assert.equal(metrics["img_r5"], (4 + 4) / 4);
  // Images' best ranks are 1, 1, 0.
  assert.equal(metrics["txt_r1"], 1 / 3);
  assert.equal(metrics["txt_r5"], 1);
  assert.equal(metrics["img_r_mean"], (3 / 4 + 2 + 2) / 3);
  assert.equal(metrics["r_mean"], (metrics["txt_r_mean"]! + metrics["img_r_mean"]!) / 2);
  assert.equal(ambiguous, 0);
});

Deno.test("scores that are equal in float16 tie: the lower index comes first, and the tie is reported", () => {
  const matrix = {
    scores: Float32Array.from([1, 1.0001, /* */ 1, 0]), // 1.0001 is 1 in float16
    texts: 2,
    images: 2,
    imageOfText: [1, 0],
  };
  assert.equal(releaseRecall(matrix, { rounding: "float32" }).metrics["img_r1"], 1 + 1 / 2);
  const { metrics, ambiguous } = releaseRecall(matrix);
  assert.equal(metrics["img_r1"], 1 / 2 + 1 / 2); // text 0 is found second, text 1 first
  assert.equal(ambiguous, 2); // text 0, and image 0 between both texts
});

Deno.test("an answer after the first ten is not a hit, whatever its row", () => {
  const texts = 12;
  const images = 12;
  const last = Array.from({ length: texts }, (_, text) => text);
  const scores = Float32Array.from(
    { length: texts * images },
    (_, pair) => Math.floor(pair / images) === pair % images ? -1 : pair % images,
  );
  const { metrics } = releaseRecall({ scores, texts, images, imageOfText: last });
  assert.equal(metrics["img_r10"], 0);
});

Deno.test("except for the rows, releaseRecall() equals recallMetrics()", () => {
  const shape = fc.record({
    texts: fc.integer({ min: 1, max: 23 }),
    images: fc.integer({ min: 1, max: 13 }),
  });
  fc.assert(fc.property(shape, fc.infiniteStream(fc.nat(1e6)), ({ texts, images }, draws) => {
    const next = () => draws.next().value as number;
    const imageOfText = Array.from({ length: texts }, () => next() % images);
    // All distinct, so nothing ties.
    const scores = Float32Array.from({ length: texts * images }, (_, pair) => pair)
      .map((pair) => (pair * 7919) % 10007);
    const matrix = { scores, texts, images, imageOfText };
    const ranks = rankQueries(matrix);
    const ours = recallMetrics(ranks);
    const { metrics, ambiguous } = releaseRecall(matrix, { rounding: "float32" });
    assert.equal(ambiguous, 0);
    const withText = new Set(imageOfText).size;
    for (const k of [1, 5, 10]) {
      // Images without a text are queries that fail.
      assert.ok(Math.abs(metrics[`txt_r${k}`]! - ours[`i2t_r${k}`]! * withText / images) < 1e-12);
      const first = ranks.filter(({ direction, query, rank }) =>
        direction === "t2i" && query < k && rank <= 10
      );
      assert.ok(
        Math.abs(metrics[`img_r${k}`]! - ours[`t2i_r${k}`]! - first.length / texts) < 1e-12,
      );
    }
  }));
});
