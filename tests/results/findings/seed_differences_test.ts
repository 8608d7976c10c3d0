import assert from "node:assert/strict";
import { intervalOf } from "../../../results/findings/seed_differences.ts";

Deno.test("intervalOf() is Student's interval over seeds, as in SciPy 1.17.1", () => {
  // scipy.stats.ttest_1samp([0.01, 0.03, -0.01], 0).confidence_interval(0.95)
  const [low, high] = intervalOf({ difference: 0.01, spread: 0.02, seeds: 3 })!;
  assert.ok(
    Math.abs(low - -0.03968275423500659) < 1e-5 && Math.abs(high - 0.059682754235006595) < 1e-5,
  );
});

Deno.test("intervalOf() has no interval for one seed", () => {
  assert.equal(intervalOf({ difference: 0.01, spread: null, seeds: 1 }), undefined);
});
