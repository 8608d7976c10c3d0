import assert from "node:assert/strict";
import { judgePair, metricsByKind, pairAccuracy } from "../../../stages/metric/pair_accuracy.ts";

Deno.test("judgePair() compares captions for each image, and images for each caption", () => {
  // Caption 1 scores high everywhere: each caption still finds its image; image 0 does not find its caption.
  assert.deepEqual(judgePair({ s00: 2, s01: 1, s10: 3, s11: 4 }), {
    textRight: false,
    imageRight: true,
    groupRight: false,
  });
  // Image 1 scores high everywhere.
  assert.deepEqual(judgePair({ s00: 2, s01: 3, s10: 1, s11: 4 }), {
    textRight: true,
    imageRight: false,
    groupRight: false,
  });
  assert.deepEqual(judgePair({ s00: 3, s01: 1, s10: 2, s11: 4 }), {
    textRight: true,
    imageRight: true,
    groupRight: true,
  });
});

Deno.test("a tie is a failure", () => {
  const equal = judgePair({ s00: 1, s01: 1, s10: 1, s11: 1 });
  assert.deepEqual(equal, { textRight: false, imageRight: false, groupRight: false });
});

Deno.test("pairAccuracy() gives the fractions, and nothing for no pairs", () => {
  const outcomes = [
    { textRight: true, imageRight: false, groupRight: false },
    { textRight: true, imageRight: true, groupRight: true },
    { textRight: true, imageRight: true, groupRight: true },
    { textRight: false, imageRight: false, groupRight: false },
  ];
  assert.deepEqual(pairAccuracy(outcomes), {
    pair_text: 3 / 4,
    pair_image: 2 / 4,
    pair_group: 2 / 4,
  });
  assert.deepEqual(pairAccuracy([]), {});
});

Deno.test("metricsByKind() gives the metrics of all pairs and of each kind", () => {
  const outcome = (kind: string, right: boolean) => ({
    kind,
    textRight: right,
    imageRight: right,
    groupRight: right,
  });
  const pairs = [
    outcome("relation", true),
    outcome("attribute", false),
    outcome("relation", false),
  ];
  const metrics = metricsByKind(pairs, pairAccuracy);
  assert.equal(Object.keys(metrics).length, 9);
  for (const name of ["pair_text", "pair_image", "pair_group"]) {
    assert.equal(metrics[name], 1 / 3);
    assert.equal(metrics[`${name}_relation`], 1 / 2);
    assert.equal(metrics[`${name}_attribute`], 0);
  }
  assert.deepEqual(metricsByKind([], pairAccuracy), {});
});
