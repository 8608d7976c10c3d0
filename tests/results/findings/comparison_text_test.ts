import assert from "node:assert/strict";
import type { Comparison } from "../../../results/findings/comparison.ts";
import { comparisonLines, significanceMark } from "../../../results/findings/comparison_text.ts";

const comparison = (more: Partial<Comparison>): Comparison => ({
  stage: "recall",
  split: "test",
  metric: "i2t_r1",
  variant: "singular",
  baseline: "none",
  difference: 0.012,
  low: -0.03,
  high: 0.0504,
  p: 0.4321,
  pHolm: 0.8642,
  significant: false,
  detectable: 0.06,
  seeds: 3,
  askedSeeds: 3,
  queries: 100,
  images: 100,
  variants: 2,
  awaited: 0,
  ...more,
});

Deno.test("differences are told with interval, p, and what cannot be told", () => {
  const lines = comparisonLines([
    comparison({}),
    comparison({ metric: "i2t_r5", difference: 0.5, significant: true }),
    comparison({ metric: "t2i_r1", difference: -0.1, low: -0.1234, high: -0.08, detectable: 0.02 }),
    comparison({
      variant: "sparse",
      difference: -0.2,
      low: -0.3,
      high: -0.1,
      pHolm: 0.0002,
      significant: true,
    }),
  ]);
  assert.deepEqual(lines, [
    "difference from none in points",
    "(95 % interval over 100 images, p (Holm) of a paired permutation test)",
    "  singular  i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "            t→i R@1 −10.0 [−12.3, −8.0]   p 0.864",
    "  sparse    i→t R@1 −20.0 [−30.0, −10.0]  p 0.0002 ▼",
    "▲ significantly better, ▼ significantly worse (5 %, Holm over 2 variants)",
    "Not marked is not equal: on so many images at least one in five differences of",
    "6.0 points (i→t R@1), 2.0 (t→i R@1) would be missed at 5 % / 2.",
    "3 seeds: ± is their spread; intervals and p are over test images alone.",
  ]);
});

Deno.test("rsum stands below the recalls, and what is long takes a line more", () => {
  const lines = comparisonLines([
    comparison({}),
    comparison({ metric: "t2i_r1" }),
    comparison({
      metric: "rsum",
      difference: 0.153,
      low: -0.071,
      high: 0.402,
      detectable: 1.234,
      variants: 12,
    }),
  ]);
  assert.deepEqual(lines.slice(2, 5), [
    "  singular  i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "            t→i R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "            rsum    +15.3 [−7.1, +40.2]   p 0.864",
  ]);
  assert.ok(
    lines.includes("6.0 points (i→t R@1), 6.0 (t→i R@1), 123.4 (rsum) would be missed at 5 % / 2."),
  );
  assert.ok(lines.every((line) => line.length <= 80));
});

Deno.test("where nothing is significant, and with one seed, that is said", () => {
  const lines = comparisonLines([comparison({ seeds: 1, variants: 1 })]);
  assert.equal(lines[3], "No number differs significantly (5 %).");
  assert.equal(
    lines.at(-1),
    "One seed: another training may differ by more than another choice of images.",
  );
});

Deno.test("of swapped pictures pairs are counted, not images", () => {
  const pairs = comparison({ metric: "pair_group", split: "swap", images: 60 });
  assert.deepEqual(comparisonLines([pairs, { ...pairs, metric: "pair_text" }]), [
    "difference from none in points",
    "(95 % interval over 60 pairs, p (Holm) of a paired permutation test)",
    "  singular  group  +1.2 [−3.0, +5.0]    p 0.864",
    "No number differs significantly (5 %, Holm over 2 variants).",
    "Not marked is not equal: on so many pairs at least one in five differences of",
    "6.0 points (group) would be missed at 5 % / 2.",
    "3 seeds: ± is their spread; intervals and p are over test pairs alone.",
  ]);
});

Deno.test("a half-done sweep says over how many seeds each variant is, and what Holm counts", () => {
  const lines = comparisonLines([
    comparison({ variants: 3, awaited: 1 }),
    comparison({ variant: "sparse", seeds: 1, variants: 3, awaited: 1 }),
  ]);
  assert.deepEqual(lines.slice(2, 6), [
    "  singular               i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "  sparse (1 of 3 seeds)  i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "No number differs significantly (5 %, Holm over 3 variants).",
    "Holm counts all 3 variants, 1 of them not there yet.",
  ]);
  assert.match(lines.at(-1)!, /^1 to 3 seeds: /);
});

Deno.test("where too few images are there to show anything, that is said", () => {
  const lines = comparisonLines([comparison({ detectable: Infinity, images: 4 })]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith("Not marked")),
    ["Not marked is not equal: so few images can show no difference, however large."],
  );
  assert.ok(lines.every((line) => line.length <= 80));
});

Deno.test("lines fit 80 columns, however long the names", () => {
  const name = "alignment=sparse, projection=entmax15, relation=roundtrip, k=2";
  const lines = comparisonLines([
    comparison({
      variant: name,
      baseline: name,
      significant: true,
      pHolm: 0.00012,
      low: -1,
      high: 1,
    }),
  ]);
  assert.deepEqual(lines.filter((line) => line.length > 80), []);
});

Deno.test("only what is significant is marked", () => {
  assert.equal(significanceMark({ significant: false, difference: 1 }), "");
  assert.equal(significanceMark({ significant: true, difference: 1 }), "▲");
  assert.equal(significanceMark({ significant: true, difference: -1 }), "▼");
});
