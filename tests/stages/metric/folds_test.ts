import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import { cutFolds, foldMetrics, foldRanks } from "../../../stages/metric/folds.ts";
import { rankQueries, recallAt, type ScoreMatrix } from "../../../stages/metric/recall.ts";

/** `images` images with two texts each, and scores in arbitrary order. */
function matrixOf(images: number): ScoreMatrix {
  const texts = 2 * images;
  return {
    texts,
    images,
    imageOfText: Array.from({ length: texts }, (_, text) => text >> 1),
    scores: Float32Array.from({ length: texts * images }, (_, place) => (place * 7919) % 104_729),
  };
}

Deno.test("images are cut into consecutive parts of equal size, together with their captions", () => {
  assert.deepEqual(cutFolds({ images: 4, imageOfText: [3, 0, 1, 2, 3], folds: 2 }), [
    { columns: [0, 1], rows: [1, 2] },
    { columns: [2, 3], rows: [0, 3, 4] },
  ]);
  const imageOfText = Array.from({ length: 10_000 }, (_, text) => text >> 1);
  const sizes = cutFolds({ images: 5000, imageOfText, folds: 5 }).map(({ columns, rows }) => [
    columns[0],
    columns.length,
    rows.length,
  ]);
  assert.deepEqual(sizes, [0, 1000, 2000, 3000, 4000].map((first) => [first, 1000, 2000]));
});

Deno.test("every image is in one fold, and folds differ by one image at most", () => {
  fc.assert(fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 2, max: 9 }), (n, k) => {
    fc.pre(k <= n);
    const folds = cutFolds({ ...matrixOf(n), folds: k });
    assert.deepEqual(folds.flatMap(({ columns }) => columns), [...Array(n).keys()]);
    const sizes = folds.map(({ columns }) => columns.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
  }));
});

Deno.test("a fold's ranks are those of its part of the matrix; the metrics are means over folds", () => {
  const matrix = matrixOf(8);
  const ranks = foldRanks(matrix, cutFolds({ ...matrix, folds: 2 }));
  const part = (from: number): ScoreMatrix => ({
    ...matrixOf(4),
    scores: Float32Array.from(
      { length: 32 },
      (_, place) => matrix.scores[(2 * from + (place >> 2)) * 8 + from + place % 4]!,
    ),
  });
  const parts = [part(0), part(4)].map((each) => rankQueries(each));
  assert.deepEqual(
    ranks.map(({ direction, fold, query, rank }) => [direction, fold, query, rank]),
    parts.flatMap((each, fold) =>
      each.map(({ direction, query, rank }) => [
        direction,
        fold + 1,
        query + fold * (direction === "i2t" ? 4 : 8),
        rank,
      ])
    ),
  );
  const metrics = foldMetrics(ranks, { recallAt: [1, 2] });
  for (const direction of ["i2t", "t2i"] as const) {
    const [a, b] = parts.map((each) => recallAt(each, direction, 2));
    assert.equal(metrics[`fold2_${direction}_r2`], (a! + b!) / 2);
  }
  assert.deepEqual(Object.keys(metrics), [
    "fold2_i2t_r1",
    "fold2_i2t_r2",
    "fold2_t2i_r1",
    "fold2_t2i_r2",
    "fold2_rsum",
  ]);
});

Deno.test("more folds than captions are refused", () => {
  assert.throws(
    () => cutFolds({ images: 4, imageOfText: [0, 1, 3], folds: 4 }),
    (error) =>
      error instanceof Complaint && error.exitCode === 1 &&
      error.what === "fold 3 of 4 has 1 images and no captions" &&
      error.fix === "use fewer `folds`: the split has 4 images, 3 captions",
  );
});
