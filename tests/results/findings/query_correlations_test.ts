/** The correlation of ISDa and rank within models, and the number of objects as a confounder. */
import assert from "node:assert/strict";
import {
  queryCorrelations,
  type RankedCaption,
  resampleCount,
} from "../../../results/findings/query_correlations.ts";
import { estimateText, readingOf } from "../../../results/findings/query_correlation_text.ts";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, expected ${expected}`);

function captions(
  values: readonly (readonly [isda: number, rank: number, objects: number])[],
  more: Partial<RankedCaption> = {},
): RankedCaption[] {
  return values.map(([isda, rank, objects], place) => ({
    run: "a",
    variant: "none",
    layer: 2,
    text: `caption ${place}`,
    image: `image ${place >> 1}`,
    isda,
    rank,
    objects,
    ...more,
  }));
}

const small = captions([
  [0.3, 10, 2],
  [0.1, 20, 2],
  [0.3, 20, 3],
  [0.2, 40, 2],
  [0.9, 10, 4],
  [0.9, 5, 3],
  [0.5, 1, 3],
  [0.7, 2, 4],
]);

/** ISDa and rank depend only on the number of objects, each with independent noise. */
function confounded(images: number, run = "a"): RankedCaption[] {
  const random = randomStream(3).fork(run);
  return captions(
    Array.from({ length: 2 * images }, (_, place) => {
      const objects = 2 + random.fork("objects").integer(place, 4);
      return [
        objects + 0.8 * random.fork("isda").normal(place),
        Math.ceil(40 - 6 * objects + 8 * random.fork("rank").uniform(place)),
        objects,
      ] as const;
    }),
    { run },
  );
}

Deno.test("queryCorrelations() computes plain and partial correlations as SciPy does", () => {
  const [found] = queryCorrelations(small);
  near(found!.plain.rho, -0.676829268292683);
  near(found!.partial!.rho, -0.430917280699554);
  near(found!.objectsIsda!, 0.8224739598517063);
  near(found!.objectsRank!, -0.5801948088876379);
  assert.deepEqual([found!.queries, found!.images, found!.models], [8, 4, 1]);
});

Deno.test("the partial correlation removes the effect of the number of objects", () => {
  const [{ plain, partial }] = queryCorrelations(confounded(150)) as [
    ReturnType<typeof queryCorrelations>[number],
  ];
  assert.ok(plain.rho < -0.5 && plain.interval![1] < 0);
  assert.ok(partial!.interval![0] < 0 && partial!.interval![1] > 0);
});

Deno.test("captions of an image are resampled together: duplicated captions do not narrow the interval", () => {
  const once = confounded(30);
  const twice = [...once, ...once.map((one) => ({ ...one, text: `${one.text} again` }))];
  const [alone, doubled] = [once, twice].map((rows) => queryCorrelations(rows)[0]!);
  near(doubled!.plain.interval![0], alone!.plain.interval![0]);
  near(doubled!.partial!.interval![1], alone!.partial!.interval![1]);
  const apart = twice.map((one, place) => ({ ...one, image: `image ${place}` }));
  const width = ([low, high]: readonly [number, number]) => high - low;
  assert.ok(
    width(queryCorrelations(apart)[0]!.plain.interval!) < 0.9 * width(alone!.plain.interval!),
  );
});

Deno.test("queryCorrelations() separates layers and variants, averages models, and is reproducible", () => {
  const rows = [
    ...confounded(20, "a"),
    ...confounded(20, "b"),
    ...captions(small.map(({ isda, rank, objects }) => [isda, -rank, objects]), {
      layer: 0,
      variant: "sparse",
    }),
  ];
  const found = queryCorrelations(rows);
  assert.deepEqual(
    found.map(({ layer, variant, models }) => [layer, variant, models]),
    [[0, "sparse", 1], [2, "none", 2]],
  );
  const each = ["a", "b"].map((run) => queryCorrelations(confounded(20, run))[0]!.plain.rho);
  near(found[1]!.plain.rho, (each[0]! + each[1]!) / 2);
  assert.deepEqual(queryCorrelations(rows.toReversed()).map(({ plain }) => plain.rho.toFixed(9)), [
    found[0]!.plain.rho.toFixed(9),
    found[1]!.plain.rho.toFixed(9),
  ]);
  assert.deepEqual(queryCorrelations(rows), found);
});

Deno.test("queryCorrelations() omits what cannot be computed", () => {
  assert.deepEqual(queryCorrelations([]), []);
  assert.deepEqual(queryCorrelations(small.slice(0, 2)), []);
  const alike = queryCorrelations(small.map((one) => ({ ...one, objects: 2 })));
  assert.equal(alike[0]!.partial, undefined);
  assert.match(
    readingOf(alike),
    /The correlation given the number of objects cannot be computed\.$/,
  );
  const one = queryCorrelations(small.map((each) => ({ ...each, image: "one" })));
  assert.equal(one[0]!.plain.interval, undefined);
  assert.equal(estimateText(one[0]!.plain), "−0.68");
  assert.equal(estimateText(undefined), "–");
  assert.equal(readingOf([]), "");
});

Deno.test("resampleCount() decreases with the number of captions, down to 200", () => {
  assert.deepEqual([1, 60_000, 120_000, 10_000_000].map(resampleCount), [1000, 1000, 500, 200]);
});

Deno.test("readingOf() interprets the signs in the last layer", () => {
  const [found] = queryCorrelations(small);
  const line = readingOf([{ ...found!, layer: 0 }, {
    ...found!,
    plain: { rho: -0.25, interval: [-0.3, -0.2] },
    partial: { rho: -0.09, interval: [-0.2, 0.02] },
    objectsIsda: 0.42,
    objectsRank: -0.4,
  }]);
  assert.equal(
    line,
    "In layer 2, the correlation of a caption's ISDa and the rank of its image is −0.25: the image of " +
      "a caption with a lower ISDa is ranked worse. The number of annotated objects is a confounder: " +
      "on average, captions with more objects have a higher ISDa (+0.42) and a better rank (−0.40). " +
      "Given the number of objects, the partial correlation is −0.09; its interval excludes 0 in none of " +
      "1 variant.",
  );
  const other = { ...found!, plain: { rho: 0.1, interval: undefined } };
  assert.match(
    readingOf([found!, other]),
    /is −0\.68 to \+0\.10: .* is ranked better in 1 of 2 variants and worse in 1\. /,
  );
  assert.match(readingOf([other, other]), / is ranked better in all 2 variants\. /);
});
