import assert from "node:assert/strict";
import { FlatteningWatch, window } from "../../../stages/train/flattening_watch.ts";

/** Shows a watch this many updates of each entropy, and collects its warnings by step. */
function watched(...parts: readonly (readonly [number, number])[]) {
  const watch = new FlatteningWatch({ phase: "fine_tune", steps: 400 });
  const warnings: [number, string][] = [];
  let step = 0;
  for (const [count, entropy] of parts) {
    for (let i = 0; i < count; i++) {
      const warning = watch.see(++step, entropy);
      if (warning !== undefined) warnings.push([step, warning]);
    }
  }
  return { watch, warnings, steps: warnings.map(([step]) => step) };
}

Deno.test("attention that becomes uniform over a window is reported once", () => {
  const { watch, warnings } = watched([50, 0.88], [100, 1], [50, 0.88], [100, 1]);
  assert.equal(watch.flattened, true);
  // 17 of the last 20 steps at 1 and 3 at 0.88 are above 0.98 on average.
  assert.deepEqual(warnings, [[
    67,
    "warning: the aligned attention of fine_tune has become uniform at step 67 of 400: over the " +
    "last 20 steps its entropy is 0.982 of that of uniform attention. It says nothing, so a small " +
    "alignment loss is no agreement of relations. The run continues: lower `alignment_weight`, or " +
    "set `contrast` or `stop_gradient`",
  ]]);
});

Deno.test("a new model's uniform attention is reported only if half of the steps do not sharpen it", () => {
  assert.deepEqual(watched([199, 1]).warnings, []);
  const { steps, warnings } = watched([400, 1]);
  assert.deepEqual(steps, [200]);
  assert.match(
    warnings[0]![1],
    /^warning: the aligned attention of fine_tune is still uniform at /,
  );
  assert.deepEqual(watched([100, 1], [300, 0.9]).warnings, []);
});

Deno.test("what counts is the last window: sharp attention is not flattened, a short run is not judged", () => {
  assert.equal(watched([400, 0.97]).watch.flattened, false);
  assert.equal(watched([100, 0.9], [200, 1], [100, 0.9]).watch.flattened, false);
  assert.equal(watched([window - 1, 1]).watch.flattened, undefined);
});
