/** Whether a lower distance goes with better recall, over models and within variants. */
import assert from "node:assert/strict";
import {
  cautionOf,
  chanceText,
  withinText,
} from "../../../results/findings/model_correlation_text.ts";
import {
  correlationsOf,
  type RelationPoint,
} from "../../../results/findings/model_correlations.ts";

/** Models of a variant: ISDa and recall. */
function models(
  variant: string,
  pairs: readonly (readonly [isda: number, recall: number])[],
  more: Partial<RelationPoint> = {},
): RelationPoint[] {
  return pairs.map(([isda, recall], place) => ({
    variant,
    seed: String(place),
    split: "test",
    layer: 2,
    alignment: "singular",
    isd_text: null,
    isd_image: null,
    isda,
    relative_text: null,
    relative_image: null,
    entropy_text: null,
    entropy_image: null,
    entropy_cross: null,
    pairs: 9,
    recall,
    ...more,
  }));
}

/** Two separated groups, with the opposite correlation within each. */
const two = [
  ...models("none", [[0.9, 0.1], [0.91, 0.11], [0.92, 0.12], [0.93, 0.13]]),
  ...models("singular", [[0.1, 0.2], [0.11, 0.21], [0.12, 0.22], [0.13, 0.23]]),
];

Deno.test("correlationsOf() finds opposite signs over all models and within variants", () => {
  const [found] = correlationsOf(two);
  assert.ok(found!.rho < -0.5, String(found!.rho));
  assert.ok(found!.p > 0 && found!.p < 0.5);
  assert.deepEqual([found!.runs, found!.variants], [8, 2]);
  const { rho, p, ...counts } = found!.within!;
  assert.ok(Math.abs(rho - 1) < 1e-12);
  assert.ok(p < 0.02, String(p));
  assert.deepEqual(counts, { variants: 2, runs: 8 });
  assert.match(withinText(found!), /^\+1\.00 \(p 0\.00\d\d\)$/);
  assert.deepEqual(correlationsOf(two), [found]);
});

Deno.test("correlationsOf() needs four models of a variant for a correlation within it", () => {
  const few = two.filter(({ seed }) => seed !== "3");
  const [found] = correlationsOf(few);
  assert.equal(found!.within, undefined);
  assert.equal(withinText(found!), "not estimable");
  // The fourth of one variant is enough for that one alone.
  const [mixed] = correlationsOf(
    two.filter(({ seed, variant }) => seed !== "3" || variant === "none"),
  );
  assert.deepEqual([mixed!.within!.variants, mixed!.within!.runs], [1, 4]);
});

Deno.test("cautionOf() gives the number of correlations, mixed variants, and too few models", () => {
  const layers = [0, 1].flatMap((layer) =>
    two.filter(({ seed }) => seed !== "3").map((one) => ({ ...one, layer }))
  );
  const found = correlationsOf(layers);
  assert.deepEqual(found.map(({ layer }) => layer), [0, 1]);
  assert.equal(
    cautionOf(found.map((one) => ({ ...one, p: 0.2 }))),
    "2 correlations of related measures were tested, over at most 6 models. 0 have p ≤ 0.05; about " +
      "0.1 would by chance, since p (two-sided permutation test) is not corrected for their number. " +
      "Rho over all models mixes 2 variants, whose distances differ because of their training " +
      "objective. Two well-separated groups of models are enough for a large rho, which is not " +
      "evidence that the distance affects recall. Rho within variants cannot be estimated: no " +
      "variant has 4 models with varying values.",
  );
  assert.match(
    cautionOf(correlationsOf(two)),
    /Rho within variants is the mean over the variants that have/,
  );
  assert.doesNotMatch(cautionOf(correlationsOf(two.slice(0, 4))), /mixes/);
  assert.equal(cautionOf([]), "");
});

Deno.test("correlationsOf() has ISDa once for all alignments and ignores models without a number", () => {
  const rows = ["singular", "distributed"].flatMap((alignment) =>
    two.map((one) => ({ ...one, alignment, isd_text: one.isda }))
  );
  assert.deepEqual(
    correlationsOf(rows).map(({ measure, alignment }) => [measure, alignment]),
    [["isda", ""], ["isd_text", "singular"], ["isd_text", "distributed"]],
  );
  const gaps = two.map((one, place) => ({ ...one, recall: place < 2 ? one.recall : null }));
  assert.deepEqual(correlationsOf(gaps), []);
});

Deno.test("correlationsOf() tests relative distances of the given alignments alone", () => {
  const rows = ["singular", "congruence"].flatMap((alignment) =>
    two.map((one) => ({ ...one, isda: null, alignment, relative_text: one.isda }))
  );
  assert.deepEqual(correlationsOf(rows), []);
  assert.deepEqual(
    correlationsOf(rows, { relative: ["singular"] })
      .map(({ measure, alignment }) => [measure, alignment]),
    [["relative_text", "singular"]],
  );
});

Deno.test("chanceText() has more digits near the significance level", () => {
  assert.deepEqual([0.371, 0.0523, 0.00249].map(chanceText), ["0.37", "0.052", "0.0025"]);
});
