import assert from "node:assert/strict";
import fc from "fast-check";
import { wrongQueries } from "../../../stages/metric/wrong_queries.ts";

// Texts 0 and 1 belong to image 0, text 2 to image 1, text 3 to image 2.
const imageOfText = [0, 0, 1, 2];
const scores = Float32Array.of(
  ...[0.9, 0.1, 0.2], // correct
  ...[0.1, 0.5, 0.9], // its image comes last
  ...[0.3, 0.2, 0.1], // its image comes second
  ...[0.0, 0.1, 0.8], // correct
);
const matrix = { scores, texts: 4, images: 3, imageOfText };

Deno.test("the worst query is the one whose correct answer ranks last", () => {
  const found = wrongQueries(matrix, { count: 9, keep: 2 });
  const reported = found.map(({ direction, query, rank, above, right }) =>
    [direction, query, rank, above, right.answer] as const
  );
  assert.deepEqual(reported, [
    ["t2i", 1, 3, 1, 0],
    ["t2i", 2, 2, 0.5, 1],
    ["i2t", 1, 2, 1 / 3, 2], // by 0.3
    ["i2t", 2, 2, 1 / 3, 3], // by 0.1
  ]);
  assert.deepEqual(found[0]!.top.map(({ answer }) => answer), [2, 1]);
  assert.equal(wrongQueries(matrix, { count: 1, keep: 2 }).length, 1);
  const i2t = wrongQueries(matrix, { count: 9, keep: 2, direction: "i2t" });
  assert.deepEqual(i2t.map(({ query }) => query), [1, 2]);
});

Deno.test("exactly the queries with a wrong first answer are listed", () => {
  fc.assert(fc.property(fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), (values) => {
    const wrong = wrongQueries({ ...matrix, scores: Float32Array.from(values) }, {
      count: 100,
      keep: 12,
    });
    for (const { direction, query, right, above } of wrong) {
      const answers = direction === "i2t" ? [0, 1, 2, 3] : [0, 1, 2];
      const score = (answer: number) =>
        direction === "i2t" ? values[answer * 3 + query]! : values[query * 3 + answer]!;
      const isRight = (answer: number) =>
        direction === "i2t" ? imageOfText[answer] === query : imageOfText[query] === answer;
      const before = answers.filter((a) => !isRight(a) && score(a) >= right.score);
      assert.ok(isRight(right.answer) && before.length > 0);
      assert.equal(above, before.length / answers.filter((a) => !isRight(a)).length);
    }
    const found = wrong.map(({ above }) => above);
    assert.deepEqual(found, found.toSorted((a, b) => b - a));
  }));
});
