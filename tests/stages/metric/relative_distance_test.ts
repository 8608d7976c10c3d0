import assert from "node:assert/strict";
import { relativeDistance } from "../../../stages/metric/relative_distance.ts";

Deno.test("relative distance: own by wrong, 1 if both are the same or no distance at all", () => {
  assert.ok(Math.abs(relativeDistance(0.3, 0.6) - 0.5) < 1e-4);
  for (const both of [0, 1e-9, 0.01, 5]) assert.equal(relativeDistance(both, both), 1);
  // eps within the logarithms can take a distance below 0.
  assert.equal(relativeDistance(-2e-6, -1e-6), 1);
  assert.ok(Math.abs(relativeDistance(2e-7, 1e-8) - 1) < 0.03, "rounding is not a ratio of 20");
});
