import assert from "node:assert/strict";
import fc from "fast-check";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import {
  type QueryRank,
  rankQueries,
  recallAt,
  type ScoreMatrix,
} from "../../../stages/metric/recall.ts";
import { recallMetrics } from "../../../stages/metric/rank_metrics.ts";

const ranksOf = (ranks: readonly QueryRank[], direction: "i2t" | "t2i") =>
  ranks.filter((rank) => rank.direction === direction).map(({ rank }) => rank);

Deno.test("rankQueries() finds the best correct answer in both directions", () => {
  const ranks = rankQueries({
    //                        image 0  1  2
    scores: Float32Array.from([/* */ 3, 1, 2, /* */ 2, 4, 5, /* */ 1, 6, 0, /* */ 9, 7, 8]),
    texts: 4,
    images: 3,
    imageOfText: [0, 0, 1, 2],
  });
  assert.deepEqual(ranksOf(ranks, "i2t"), [2, 2, 1]);
  assert.deepEqual(ranksOf(ranks, "t2i"), [1, 3, 1, 2]);
  assert.deepEqual(ranks[0]!.top.map(({ answer }) => answer), [3, 0, 1, 2]);
  assert.deepEqual(ranks[3]!.top, [{ answer: 0, score: 3 }, { answer: 2, score: 2 }, {
    answer: 1,
    score: 1,
  }]);
});

Deno.test("a correct answer ranks after every wrong answer of equal score", () => {
  const matrix = {
    scores: new Float32Array(15).fill(0.5),
    texts: 5,
    images: 3,
    imageOfText: [0, 0, 1, 1, 1],
  };
  const ranks = rankQueries(matrix);
  assert.deepEqual(ranksOf(ranks, "i2t"), [4, 3]);
  assert.deepEqual(ranksOf(ranks, "t2i"), [3, 3, 3, 3, 3]);
  assert.deepEqual(ranks.map(({ ties }) => ties), [3, 2, 2, 2, 2, 2, 2]);
  assert.deepEqual(ranks[0]!.top.map(({ answer }) => answer), [2, 3, 4, 0, 1]);
});

Deno.test("an image without a text is a candidate but not a query", () => {
  const ranks = rankQueries({
    scores: Float32Array.from([1, 2]),
    texts: 1,
    images: 2,
    imageOfText: [0],
  });
  assert.deepEqual(ranks.map(({ direction, query, rank }) => [direction, query, rank]), [
    ["i2t", 0, 1],
    ["t2i", 0, 2],
  ]);
});

Deno.test("a score that is not a finite number is an error that names its text and image", () => {
  const matrix = {
    scores: Float32Array.from([1, 2, 3, NaN]),
    texts: 2,
    images: 2,
    imageOfText: [0, 1],
  };
  assert.throws(
    () => rankQueries(matrix),
    (error) =>
      error instanceof Complaint &&
      error.what === "the score of text 1 and image 1 is NaN, so nothing can be ranked",
  );
});

/** Matrices with few distinct scores, so ties are common. */
const matrices: fc.Arbitrary<ScoreMatrix> = fc
  .record({ texts: fc.integer({ min: 1, max: 13 }), images: fc.integer({ min: 1, max: 7 }) })
  .chain(({ texts, images }) =>
    fc.record({
      texts: fc.constant(texts),
      images: fc.constant(images),
      scores: fc
        .array(fc.integer({ min: -3, max: 3 }), {
          minLength: texts * images,
          maxLength: texts * images,
        })
        .map((scores) => Float32Array.from(scores)),
      imageOfText: fc.array(fc.integer({ min: 0, max: images - 1 }), {
        minLength: texts,
        maxLength: texts,
      }),
    })
  );

Deno.test("ranks do not change under a monotonic function of the scores", () => {
  fc.assert(fc.property(matrices, (matrix) => {
    const bent = { ...matrix, scores: matrix.scores.map((score) => 5 * score ** 3 - 7) };
    assert.deepEqual(
      rankQueries(bent).map(({ rank, ties }) => [rank, ties]),
      rankQueries(matrix).map(({ rank, ties }) => [rank, ties]),
    );
  }));
});

Deno.test("ranks do not depend on the order of the images", () => {
  fc.assert(fc.property(matrices, (matrix) => {
    const { scores, texts, images, imageOfText } = matrix;
    const mirrored = {
      texts,
      images,
      scores: scores.map((_, at) => scores[at - at % images + images - 1 - at % images]!),
      imageOfText: Array.from(imageOfText, (image) => images - 1 - image),
    };
    assert.deepEqual(
      ranksOf(rankQueries(mirrored), "t2i"),
      ranksOf(rankQueries(matrix), "t2i"),
    );
    assert.deepEqual(
      ranksOf(rankQueries(mirrored), "i2t").reverse(),
      ranksOf(rankQueries(matrix), "i2t"),
    );
  }));
});

Deno.test("Recall@K grows with K and is 1 once K reaches every answer", () => {
  fc.assert(fc.property(matrices, (matrix) => {
    const ranks = rankQueries(matrix);
    for (const direction of ["i2t", "t2i"] as const) {
      const answers = direction === "i2t" ? matrix.texts : matrix.images;
      for (let k = 1; k < answers; k++) {
        assert.ok(recallAt(ranks, direction, k) <= recallAt(ranks, direction, k + 1));
      }
      assert.equal(recallAt(ranks, direction, answers), 1);
    }
  }));
});

Deno.test("rsum is the sum of the six recalls", () => {
  fc.assert(fc.property(matrices, (matrix) => {
    const { rsum, ...recalls } = recallMetrics(rankQueries(matrix));
    assert.equal(Object.keys(recalls).length, 6);
    assert.ok(Math.abs(rsum! - Object.values(recalls).reduce((a, b) => a + b)) < 1e-12);
  }));
});
