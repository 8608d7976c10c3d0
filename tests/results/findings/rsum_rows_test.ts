import assert from "node:assert/strict";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { compareGroup } from "../../../results/findings/comparison.ts";
import { bootstrapDraws } from "../../../results/findings/uncertainty.ts";
import type { ClusterRow } from "../../../results/findings/hits.ts";
import { percentile } from "../../../results/statistics/paired_bootstrap.ts";
import { ofBothDirections } from "../../../results/findings/rsum_rows.ts";

const row = (more: Partial<ClusterRow>): ClusterRow => ({
  stage: "recall",
  split: "test",
  metric: "rsum",
  direction: "i2t",
  variant: "a",
  unit: "i0",
  family: false,
  queries: 1,
  seeds: ["1"],
  pairs: [1],
  ahead: [0],
  ...more,
});

/** Rows with these hits ahead, for each image itself and for all its captions together, in the first seed. */
function rowsOf(
  ahead: readonly (readonly [image: number, texts: number])[],
  { captions, seeds: count }: { captions: (image: number) => number; seeds: number },
): ClusterRow[] {
  const seeds = Array.from({ length: count }, (_, seed) => `${seed + 1}`);
  const inFirst = (hits: number) => seeds.map((_, seed) => seed === 0 ? hits : 0);
  return ahead.flatMap(([ofImage, ofTexts], place) => {
    const unit = `i${place}`;
    const queries = captions(place);
    return [
      row({ unit, seeds, ahead: inFirst(ofImage), pairs: seeds.map(() => 1) }),
      row({
        unit,
        direction: "t2i",
        seeds,
        ahead: inFirst(ofTexts),
        queries,
        pairs: seeds.map(() => queries),
      }),
    ];
  });
}

const meanOf = (rows: readonly ClusterRow[]) => {
  const sum = (of: (row: ClusterRow) => readonly number[]) =>
    rows.flatMap(of).reduce((all, one) => all + one, 0);
  return sum(({ ahead }) => ahead) / sum(({ pairs }) => pairs);
};

Deno.test("ofBothDirections() counts an image and its captions, with the difference of rsum", () => {
  // Two images, 2 captions each: i2t is ahead by 3 of 2 queries, t2i by 1 of 4.
  const rows = rowsOf([[3, -1], [0, 2]], { captions: () => 2, seeds: 1 });
  const both = ofBothDirections(rows);
  assert.deepEqual(
    both.map(({ unit, ahead, pairs, queries }) => [unit, ahead, pairs, queries]),
    [["i0", [3 * 2 - 1], [2], 3], ["i1", [2], [2], 3]],
  );
  assert.equal(meanOf(both), 3 / 2 + 1 / 4);
});

Deno.test("ofBothDirections() keeps integers for images with different numbers of captions", () => {
  const rows = rowsOf([[1, 4], [-2, 0], [0, 7]], { captions: (image) => 3 + image, seeds: 2 });
  const both = ofBothDirections(rows);
  assert.ok(Math.abs(meanOf(both) - (-1 / 6 + 11 / 24)) < 1e-15);
  assert.ok(both.every(({ ahead, pairs }) => [...ahead, ...pairs].every(Number.isInteger)));
  // Both seeds have the same queries; only the first differs.
  assert.deepEqual(both.map(({ pairs }) => pairs[0]), both.map(({ pairs }) => pairs[1]));
  assert.ok(both.every(({ ahead }) => ahead[1] === 0));
});

Deno.test("ofBothDirections() needs both directions of rsum and leaves other metrics unchanged", () => {
  assert.deepEqual(ofBothDirections([row({}), row({ unit: "i1" })]), []);
  const recalls = [row({ metric: "i2t_r1" })];
  assert.equal(ofBothDirections(recalls), recalls);
  const nothing = compareGroup([row({})], {
    baseline: "none",
    tests: 1,
    requestedSeeds: 1,
    draws: bootstrapDraws(),
  });
  assert.deepEqual(nothing, []);
});

Deno.test("interval and p equal those of rsum itself, resampled and sign-flipped by image", () => {
  const random = randomStream(5);
  const ahead = Array.from({ length: 10 }, (_, place) =>
    [
      Math.round(3 * random.normal(2 * place)),
      Math.round(4 * random.normal(2 * place + 1)) + 2,
    ] as const);
  const draws = bootstrapDraws();
  const [found] = compareGroup(rowsOf(ahead, { captions: () => 5, seeds: 1 }), {
    baseline: "none",
    tests: 1,
    requestedSeeds: 1,
    draws,
  });
  const rsum = (images: readonly number[], sign: (place: number) => number = () => 1) => {
    let sum = 0;
    for (const [place, image] of images.entries()) {
      const [ofImage, ofTexts] = ahead[image]!;
      sum += sign(place) * (ofImage / images.length + ofTexts / (5 * images.length));
    }
    return sum;
  };
  const all = ahead.map((_, image) => image);
  assert.ok(Math.abs(found!.difference - rsum(all)) < 1e-14);

  const drawn = draws(10);
  const resampled = Float64Array.from(
    { length: drawn.length / 10 },
    (_, resample) => rsum([...drawn.subarray(10 * resample, 10 * resample + 10)]),
  ).sort();
  assert.ok(Math.abs(found!.low - percentile(resampled, 0.025)) < 1e-12);
  assert.ok(Math.abs(found!.high - percentile(resampled, 0.975)) < 1e-12);

  let asFar = 0;
  for (let choice = 0; choice < 1024; choice++) {
    const turned = rsum(all, (place) => choice >> place & 1 ? -1 : 1);
    if (Math.abs(turned) > Math.abs(rsum(all)) - 1e-9) asFar++;
  }
  assert.equal(found!.p, asFar / 1024);
});
