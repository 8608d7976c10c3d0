import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import {
  keyMultiplicities,
  type Pass,
  releaseKeyBias,
} from "../../../../stages/train/fine_tune/release_layout.ts";
import { assertClose, tensorTest } from "../../../support/tensor_test.ts";

interface Problem {
  /** Words of all candidates, of those that are scored, and regions of the anchor. */
  readonly drawn: number[];
  readonly scored: number[];
  readonly regions: number;
}

const lengthsOf = ({ drawn, scored, regions }: Problem) => ({
  words: tf.tensor2d([scored], undefined, "int32"),
  drawn: tf.tensor2d([drawn], undefined, "int32"),
  regions: tf.tensor1d([regions], "int32"),
});

/** The sequence written down, row by row, as the release builds it; then its rows are counted. */
function written(pass: Pass, own: number, { drawn, regions }: Problem): Map<string, number> {
  const longest = Math.max(...drawn);
  const last = drawn.at(-1)!;
  const rows = [
    ...Array.from({ length: longest }, (_, word) => `word ${word}`),
    ...Array.from({ length: regions }, (_, region) => `region ${region}`),
  ];
  const gathered = pass === "mining"
    ? rows.map((row, place) =>
      place >= own && place < own + regions ? rows[last + place - own]! : row
    )
    : rows;
  const counts = new Map<string, number>();
  for (const row of gathered.slice(0, own + regions)) counts.set(row, (counts.get(row) ?? 0) + 1);
  return counts;
}

const problem: fc.Arbitrary<Problem> = fc.record({
  drawn: fc.array(fc.integer({ min: 3, max: 11 }), { minLength: 1, maxLength: 5 }),
  picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  regions: fc.integer({ min: 1, max: 7 }),
}).map(({ drawn, picks, regions }) => ({
  drawn,
  scored: picks.map((pick) => drawn[pick % drawn.length]!),
  regions,
}));

for (const pass of ["mining", "gradient"] as const) {
  tensorTest(`keys of the ${pass} pass are those of the sequence written down`, () => {
    const places = { words: 13, regions: 8 }; // wider than any row: padding of our own
    fc.assert(fc.property(problem, (given) => {
      const counts = tf.tidy(() => keyMultiplicities(pass, lengthsOf(given), places).arraySync());
      const expected = given.scored.map((own) => {
        const rows = written(pass, own, given);
        return [
          ...Array.from({ length: places.words }, (_, word) => rows.get(`word ${word}`) ?? 0),
          ...Array.from(
            { length: places.regions },
            (_, region) => rows.get(`region ${region}`) ?? 0,
          ),
        ];
      });
      assert.deepEqual(counts, [expected]);
    }));
  });
}

tensorTest("candidates that mining has left out still set the padding", () => {
  const lengths = lengthsOf({ drawn: [4, 9, 5], scored: [4, 5], regions: 6 });
  const keys = keyMultiplicities("gradient", lengths, { words: 9, regions: 6 }).arraySync();
  assert.deepEqual(keys, [[
    [1, 1, 1, 1, 1, 1, 1, 1, 1, /* regions: 9 - 4 lost */ 1, 0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, /* 9 - 5 lost */ 1, 1, 0, 0, 0, 0],
  ]]);
});

tensorTest("a key that stands twice weighs twice in the softmax", () => {
  // The longest candidate's words 3 and 4 stand in their own place and in that of two regions.
  const lengths = lengthsOf({ drawn: [5, 3], scored: [5], regions: 2 });
  const places = { words: 5, regions: 3 };
  assert.deepEqual(keyMultiplicities("mining", lengths, places).arraySync(), [[
    [1, 1, 1, 2, 2, 0, 0, 0],
  ]]);
  const weights = tf.softmax(releaseKeyBias("mining", lengths, places));
  assertClose(weights, [1, 1, 1, 2, 2, 0, 0, 0].map((times) => times / 7), 1e-6);
});

tensorTest("candidates of one length are laid out as they should be", () => {
  const lengths = lengthsOf({ drawn: [5, 5, 5], scored: [5], regions: 2 });
  for (const pass of ["mining", "gradient"] as const) {
    const keys = keyMultiplicities(pass, lengths, { words: 6, regions: 3 });
    assert.deepEqual(keys.arraySync(), [[[1, 1, 1, 1, 1, 0, 1, 1, 0]]]);
  }
});
