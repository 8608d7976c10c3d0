import assert from "node:assert/strict";
import type { Comparison } from "../../../results/findings/comparison.ts";
import { designCells, designSentence, designsOf } from "../../../results/findings/designs.ts";
import { madeComparison } from "../../support/made_comparison.ts";
import { detectable } from "../../../results/statistics/crossed_power.ts";

const spread = { ofSeeds: 0.0001, ofUnits: 0.05, ofRest: 0.1 };
const comparison = (more: Partial<Comparison>) =>
  madeComparison({
    metric: "t2i_r1",
    detectable: 0.03,
    components: spread,
    queries: 500,
    unit: "families",
    variants: 1,
    ...more,
  });

Deno.test("designsOf() lists the differences that the results cannot detect, with the images that would", () => {
  const designs = designsOf([comparison({})]);
  assert.deepEqual(designs.map(({ metric, difference }) => [metric, difference]), [
    ["t2i_r1", 0.01],
    ["t2i_r1", 0.02],
  ]);
  const [one, two] = designs;
  // Seeds alone: 3.06 standard errors of 0.01 / sqrt(20) are 0.7 points; of 10 seeds 1.0, of 5 seeds 1.7.
  assert.deepEqual(one!.needed.slice(0, 3), [undefined, undefined, undefined]);
  assert.ok(one!.needed[3]! > 0 && two!.needed[1]! > two!.needed[2]!);
  const options = { level: 0.05, power: 0.8 };
  assert.ok(detectable(spread, { seeds: 5, units: two!.needed[1]! }, options) <= 0.02);
  assert.deepEqual(designCells(one!).slice(0, 7), [
    "recall",
    "test",
    "t→i R@1",
    "1",
    "–",
    "–",
    "–",
  ]);
  assert.match(designCells(one!)[7]!, /^[\d,]+ families$/);
});

Deno.test("the spread of several variants is averaged, and Holm's level counts them", () => {
  const mean = { ofSeeds: 0.0002, ofUnits: 0.04, ofRest: 0.2 };
  const [a, b] = [{ ofSeeds: 0.0004, ofUnits: 0, ofRest: 0.1 }, {
    ofSeeds: 0,
    ofUnits: 0.08,
    ofRest: 0.3,
  }];
  const two = designsOf([
    comparison({ variants: 2, components: a! }),
    comparison({ variants: 2, variant: "sparse", components: b! }),
  ]);
  const alone = designsOf([comparison({ variants: 2, components: mean })]);
  assert.deepEqual(two.map(({ needed }) => needed), alone.map(({ needed }) => needed));
});

Deno.test("one seed, and results without any spread, show no designs", () => {
  assert.deepEqual(designsOf([comparison({ seeds: 1, components: null })]), []);
  const none = { ofSeeds: 0, ofUnits: 0, ofRest: 0 };
  assert.deepEqual(designsOf([comparison({ components: none })]), []);
  assert.equal(designSentence([comparison({ components: none })]), undefined);
});

Deno.test("designSentence() says when no considered number of seeds suffices", () => {
  const wild = { ofSeeds: 0.09, ofUnits: 0, ofRest: 0.1 };
  assert.equal(
    designSentence([comparison({ components: wild, detectable: 0.08 })]),
    "To detect 5 points (t→i R@1), 20 seeds do not suffice.",
  );
});
