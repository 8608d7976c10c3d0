import assert from "node:assert/strict";
import { comparisonLines, significanceMark } from "../../../results/findings/comparison_text.ts";
import { madeComparison as comparison } from "../../support/made_comparison.ts";

Deno.test("comparisonLines() shows differences with interval, p and minimum detectable effect", () => {
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
    "Difference from none in percentage points, with a 95 % confidence interval over",
    "3 seeds and 100 images together, and its Holm-corrected p:",
    "  singular  i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "            t→i R@1 −10.0 [−12.3, −8.0]   p 0.864",
    "  sparse    i→t R@1 −20.0 [−30.0, −10.0]  p 0.0002 ▼",
    "▲ significantly better, ▼ significantly worse (5 %, Holm over 2 variants)",
    "No significant difference does not mean equal: with 3 seeds and 100 images, a",
    "true difference of 6.0 points (i→t R@1) or 2.0 (t→i R@1) would go undetected at",
    "least 20 % of the time (alpha = 5 %/2).",
    "± is the standard deviation over 3 seeds. Over 3 seeds alone, a sign-flip test",
    "gives no p below 0.25.",
  ]);
});

Deno.test("comparisonLines() shows rsum after the recalls and wraps long sentences", () => {
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
  assert.match(
    lines.join(" "),
    /of 6\.0 points \(i→t R@1\), 6\.0 \(t→i R@1\) or 123\.4 \(rsum\) would go undetected/,
  );
  assert.ok(lines.every((line) => line.length <= 80));
});

Deno.test("long names with fewer seeds stay different, in lines of 80 columns", () => {
  const variants = ["none", "0.5"].map((contrast) =>
    `train_images=3200, alignment=distributed, contrast=${contrast}`
  );
  const lines = comparisonLines(variants.flatMap((variant) => [
    comparison({
      variant,
      seeds: 2,
      low: -0.1234,
      high: -0.0812,
      pHolm: 0.0002,
      significant: true,
    }),
    comparison({ variant, seeds: 3 }),
  ]));
  assert.ok(lines.every((line) => line.length <= 80), lines.join("\n"));
  const named = lines.filter((line) => line.includes("(2 of 3 seeds)"));
  assert.equal(new Set(named.map((line) => line.split(" (2 of")[0])).size, 2, lines.join("\n"));
});

Deno.test("comparisonLines() says when nothing is significant and when there is only one seed", () => {
  const lines = comparisonLines([comparison({ seeds: 1, pSeeds: null, variants: 1 })]);
  assert.equal(lines[1], "100 images and the Holm-corrected p of a paired permutation test:");
  assert.equal(lines[3], "No number differs significantly (5 %).");
  assert.deepEqual(lines.slice(-2), [
    "Only one seed: intervals and p cover the choice of test images alone; training",
    "with another seed may change the numbers more.",
  ]);
});

Deno.test("comparisonLines() counts pairs, not images, for swapped pictures", () => {
  const pairs = comparison({ metric: "pair_group", split: "swap", unit: "pairs", units: 60 });
  assert.deepEqual(comparisonLines([pairs, { ...pairs, metric: "pair_text" }]), [
    "Difference from none in percentage points, with a 95 % confidence interval over",
    "3 seeds and 60 pairs together, and its Holm-corrected p:",
    "  singular  group  +1.2 [−3.0, +5.0]    p 0.864",
    "No number differs significantly (5 %, Holm over 2 variants).",
    "No significant difference does not mean equal: with 3 seeds and 60 pairs, a true",
    "difference of 6.0 points (group) would go undetected at least 20 % of the time",
    "(alpha = 5 %/2).",
    "± is the standard deviation over 3 seeds. Over 3 seeds alone, a sign-flip test",
    "gives no p below 0.25.",
  ]);
});

Deno.test("comparisonLines() of an incomplete sweep shows the seeds of each variant and what Holm counts", () => {
  const lines = comparisonLines([
    comparison({ variants: 3, pending: 1 }),
    comparison({ variant: "sparse", seeds: 1, pSeeds: null, variants: 3, pending: 1 }),
  ]);
  assert.deepEqual(lines.slice(2, 6), [
    "  singular               i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "  sparse (1 of 3 seeds)  i→t R@1  +1.2 [−3.0, +5.0]    p 0.864",
    "No number differs significantly (5 %, Holm over 3 variants).",
    "Holm's correction counts all 3 variants; 1 of them has no result yet.",
  ]);
  assert.equal(lines[1], "1 to 3 seeds and 100 images together, and its Holm-corrected p:");
  assert.deepEqual(lines.slice(-4), [
    "± is the standard deviation over 1 to 3 seeds. Over 3 seeds alone, a sign-flip",
    "test gives no p below 0.25.",
    "With one seed, intervals and p cover the choice of test images alone; training",
    "with another seed may change the numbers more.",
  ]);
});

Deno.test("comparisonLines() says when there are too few images to detect any difference", () => {
  const lines = comparisonLines([comparison({ detectable: Infinity, units: 4 })]);
  assert.match(
    lines.join(" "),
    /does not mean equal: 3 seeds and 4 images are too few to detect any difference \(i→t R@1\), however large\./,
  );
  assert.ok(lines.every((line) => line.length <= 80));
});

Deno.test("comparisonLines() ends with the seeds and images that would show a smaller difference", () => {
  const spread = { ofSeeds: 0.0001, ofUnits: 0.05, ofRest: 0.1 };
  const lines = comparisonLines([
    comparison({ components: spread, detectable: 0.12 }),
    comparison({ metric: "t2i_r1", components: spread, detectable: 0.08 }),
  ]);
  // Of 1, 2, 5, 10 and 20 points, 5 is the largest below 8.
  assert.equal(
    lines.at(-1),
    "To detect 5 points (t→i R@1): 3 seeds with 547 images, or 5 with 315.",
  );
});

Deno.test("comparisonLines() fits 80 columns with long names", () => {
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

Deno.test("significanceMark() marks only significant differences", () => {
  assert.equal(significanceMark({ significant: false, difference: 1 }), "");
  assert.equal(significanceMark({ significant: true, difference: 1 }), "▲");
  assert.equal(significanceMark({ significant: true, difference: -1 }), "▼");
});
