import assert from "node:assert/strict";
import fc from "fast-check";
import { rankCorrelation } from "../../../results/statistics/rank_correlation.ts";
import {
  centredRanks,
  rankedColumn,
  weightedCorrelation,
} from "../../../results/statistics/weighted_ranks.ts";

Deno.test("weightedCorrelation() equals the correlation of repeated rows", () => {
  const value = fc.integer({ min: -3, max: 3 });
  const row = fc.record({ x: value, y: value, weight: fc.integer({ min: 0, max: 3 }) });
  fc.assert(fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
    const weights = Int32Array.from(rows, ({ weight }) => weight);
    const [x, y] = (["x", "y"] as const).map((side) =>
      centredRanks(rankedColumn(rows.map((one) => one[side])), weights)
    );
    const written = rows.flatMap(({ x, y, weight }) =>
      Array.from({ length: weight }, () => [x, y] as const)
    );
    const expected = rankCorrelation(written);
    const found = weightedCorrelation(x!, y!, weights);
    if (expected === undefined) assert.equal(found, undefined);
    else assert.ok(Math.abs(found! - expected) < 1e-12, `${found}, expected ${expected}`);
  }));
});
