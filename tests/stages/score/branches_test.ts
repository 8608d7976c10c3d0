import assert from "node:assert/strict";
import { scaleOf, summedScores } from "../../../stages/score/branches.ts";

Deno.test("the sum is the standardised cross score plus weight times the cosine", () => {
  const cross = Float32Array.of(1, 3, 5, 7);
  const scale = scaleOf(cross);
  assert.deepEqual(scale, { mean: 4, deviation: Math.sqrt(5) });
  const sum = summedScores(cross, Float32Array.of(0.5, 0, -1, 0), { scale, weight: 2 });
  const expected = [
    -3 / Math.sqrt(5) + 1,
    -1 / Math.sqrt(5),
    1 / Math.sqrt(5) - 2,
    3 / Math.sqrt(5),
  ];
  sum.forEach((one, i) => assert.ok(Math.abs(one - expected[i]!) < 1e-6));
});

Deno.test("stretched or shifted cross scores give the same sum, and constant ones add nothing", () => {
  const cross = Float32Array.of(0.25, -1, 2, 0.5);
  const cosines = Float32Array.of(0.5, 0.25, -0.5, 0);
  const sum = (cross: Float32Array) =>
    summedScores(cross, cosines, { scale: scaleOf(cross), weight: 3 });
  const stretched = sum(cross.map((score) => 64 * score - 8));
  sum(cross).forEach((one, i) => assert.ok(Math.abs(one - stretched[i]!) < 1e-5));
  assert.deepEqual(sum(new Float32Array(4).fill(7)), cosines.map((cosine) => 3 * cosine));
});
