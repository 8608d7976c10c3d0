import assert from "node:assert/strict";
import { CollapseWatch, window } from "../../../stages/train/collapse_watch.ts";
import { type ScoreSigns, signsOfPairs, signsOfRows } from "../../../stages/train/score_signs.ts";

const training = { phase: "fine_tune", warmup: 10, steps: 400 };
const fine: ScoreSigns = { spread: 0.2, wrongAbove: 0.1 };
const flat: ScoreSigns = { spread: 1e-5, wrongAbove: 0.4 };
const lost: ScoreSigns = { spread: 0.2, wrongAbove: 0.5 };

/** Shows a watch this many updates of each kind, and collects its warnings by step. */
function watched(...parts: readonly (readonly [number, ScoreSigns])[]) {
  const watch = new CollapseWatch(training);
  const warnings: [number, string][] = [];
  let step = 0;
  for (const [count, signs] of parts) {
    for (let i = 0; i < count; i++) {
      const warning = watch.see(++step, signs);
      if (warning !== undefined) warnings.push([step, warning]);
    }
  }
  return { watch, warnings, steps: warnings.map(([step]) => step) };
}

Deno.test("nearly equal scores over a window are a collapse, which is reported once", () => {
  const { watch, warnings } = watched([100, flat]);
  assert.equal(watch.collapsed, true);
  assert.deepEqual(warnings, [[
    10 + window,
    "warning: fine_tune has collapsed at step 30 of 400: over the last 20 steps with scores, all " +
    "pairs have nearly the same score (standard deviation 0.000010). The run continues, but its " +
    "result will hardly be useful: lower `learning_rate`, lengthen `warmup`, or start from a model that was pretrained with a " +
    "contrast",
  ]]);
});

Deno.test("a model that falls back to chance has collapsed; one that starts at chance has half of the steps", () => {
  assert.deepEqual(watched([50, fine], [50, lost]).steps.length, 1);
  assert.deepEqual(watched([150, lost]).steps, []);
  const { steps, warnings } = watched([300, lost], [30, { ...lost, wrongAbove: 0.43 }], [40, lost]);
  assert.deepEqual(steps, [200], "reported once, even if it fluctuates around the threshold");
  assert.match(warnings[0]![1], /^warning: fine_tune is still at chance at step 200 of 400: /);
});

Deno.test("a learning model gets no warning, a recovered one may collapse again, and a short run is not judged", () => {
  assert.deepEqual(watched([400, fine]).warnings, []);
  const { watch, steps } = watched([40, flat], [60, fine], [60, flat]);
  assert.equal(steps.length, 2);
  assert.equal(watch.collapsed, true);
  assert.equal(watched([window - 1, flat]).watch.collapsed, undefined);
});

Deno.test("signs are the spread of scores and the share of wrong ones above the right one", () => {
  const pairs = signsOfPairs([0.9, 0.1, 0.3, 0.3], [1, 0, 1, 0])!;
  assert.ok(Math.abs(pairs.wrongAbove - (0 + 0 + 0 + 0.5) / 4) < 1e-12);
  assert.ok(Math.abs(pairs.spread - Math.sqrt((0.25 + 0.09 + 0.01 + 0.01) / 4)) < 1e-12);
  assert.equal(signsOfPairs([1, 2], [1, 1]), undefined);
  const rows = signsOfRows([1, 2, 0, 5, 5, 5], 3, () => 0);
  assert.ok(Math.abs(rows.wrongAbove - (0.5 + 0.5) / 2) < 1e-12);
  assert.ok(Math.abs(rows.spread - Math.sqrt(2 / 3) / 2) < 1e-12);
});
