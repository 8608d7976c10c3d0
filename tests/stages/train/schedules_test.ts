/** Properties of all schedules of the alignment weight; the golden tests check values. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { alignmentWeight } from "../../../stages/train/schedules.ts";

for (const schedule of ["exponential", "linear", "logarithmic", "constant"] as const) {
  Deno.test(`alignmentWeight() with the ${schedule} schedule is between 0 and 1 and never decreases`, () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(999), (total, place) => {
      const done = place % total;
      const weight = alignmentWeight(done, { total, schedule });
      assert.ok(weight >= 0 && weight <= 1);
      assert.ok(alignmentWeight(done + 1, { total, schedule }) >= weight);
    }));
  });
}

Deno.test("alignmentWeight() uses the published exponential schedule by default", () => {
  assert.equal(alignmentWeight(3, { total: 5 }), Math.exp(-2));
  assert.equal(alignmentWeight(3, { total: 5, schedule: "linear" }), 3 / 5);
  assert.equal(alignmentWeight(3, { total: 5, schedule: "logarithmic" }), 1 - Math.exp(-3));
  assert.equal(alignmentWeight(3, { total: 5, schedule: "constant" }), 1);
});
