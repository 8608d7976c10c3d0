/** Groups for the pairs of micro-steps, chosen from the lengths of a split. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import type { RowLengths } from "../../../../stages/batch/row_tables.ts";
import { rankingProblems } from "../../../../stages/batch/sampling.ts";
import {
  packingOf,
  packings,
  type PackingSizes,
} from "../../../../stages/train/fine_tune/packing.ts";
import type { PairGroup } from "../../../../stages/model/packed_pairs.ts";

/** 30 images with two texts each. */
const images = 30;
const imageOfText = Array.from({ length: 2 * images }, (_, text) => Math.floor(text / 2));
const index = {
  captions: imageOfText.map((_, text) => text),
  images: Array.from({ length: images }, (_, image) => image),
  imageOfText,
  textsOfImage: Array.from({ length: images }, (_, image) => [2 * image, 2 * image + 1]),
};
const random = randomStream(11);
const spread: RowLengths = {
  words: imageOfText.map((_, text) => 5 + random.fork("words").integer(text, 30)),
  regions: index.images.map((image) => 10 + random.fork("regions").integer(image, 60)),
};
const even: RowLengths = {
  words: imageOfText.map(() => 9),
  regions: index.images.map(() => 7),
};
const sizes: PackingSizes = {
  anchors: 2,
  negatives: 7,
  hard: { count: 3 },
  microSteps: 50_000,
};
const problemsOf = (microStep: number) =>
  rankingProblems(index, randomStream(microStep), microStep, sizes);

const pairsOf = (groups: readonly PairGroup[]) => groups.reduce((sum, { pairs }) => sum + pairs, 0);
const placesOf = (groups: readonly PairGroup[]) =>
  groups.reduce((sum, { pairs, width }) => sum + pairs * width, 0);

/** Whether pairs of these lengths, longest first, fit the groups. */
function fit(lengths: readonly number[], groups: readonly PairGroup[]): boolean {
  const widths = groups.flatMap(({ pairs, width }) => Array<number>(pairs).fill(width));
  const sorted = [...lengths].sort((a, b) => b - a);
  return widths.length === sorted.length &&
    sorted.every((length, place) => length <= widths[place]!);
}

/** Lengths of the pairs of each problem. */
function lengthsOf({ words, regions }: RowLengths, microStep: number): number[][] {
  const { imageAnchors, textCandidates, textAnchors, imageCandidates } = problemsOf(microStep);
  const candidates = 1 + sizes.negatives;
  const own = (rows: Int32Array, anchor: number) => [
    ...rows.subarray(anchor * candidates, (anchor + 1) * candidates),
  ];
  return [
    ...Array.from(
      imageAnchors,
      (image, anchor) => own(textCandidates, anchor).map((text) => words[text]! + regions[image]!),
    ),
    ...Array.from(
      textAnchors,
      (text, anchor) => own(imageCandidates, anchor).map((image) => words[text]! + regions[image]!),
    ),
  ];
}

Deno.test("the pairs of every micro-step fit the packing that it gets, whatever mining keeps", () => {
  for (const keepFirst of [false, true]) {
    const hard = { count: 3, keepFirst };
    const all = packings(spread, index, { ...sizes, hard });
    fc.assert(fc.property(
      fc.nat(10_000),
      fc.array(fc.infiniteStream(fc.integer()), { minLength: 4, maxLength: 4 }),
      (microStep, preferences) => {
        const problems = lengthsOf(spread, microStep);
        const { mined, trained } = packingOf(all, problemsOf(microStep), spread, hard);
        assert.ok(fit(problems.flat(), mined));
        const kept = problems.flatMap((lengths, problem) => {
          const always = keepFirst ? 2 : 1;
          const chosen = lengths.slice(always)
            .map((length) => ({ length, rank: preferences[problem]!.next().value! }))
            .sort((a, b) => a.rank - b.rank)
            .slice(0, hard.count + 1 - always);
          return [...lengths.slice(0, always), ...chosen.map(({ length }) => length)];
        });
        assert.ok(fit(kept, trained));
      },
    ));
  }
});

Deno.test("packings have all pairs in groups, widest first; any pairs fit the last", () => {
  const all = packings(spread, index, sizes);
  for (const { mined, trained } of all) {
    assert.deepEqual([pairsOf(mined), pairsOf(trained)], [2 * 2 * 8, 2 * 2 * 4]);
    for (const groups of [mined, trained]) {
      const widths = groups.map(({ width }) => width);
      assert.deepEqual(widths, widths.toSorted((a, b) => b - a));
    }
  }
  const longest = Math.max(...spread.words) + Math.max(...spread.regions);
  const { mined, trained } = all.at(-1)!;
  assert.deepEqual(new Set([...mined, ...trained].map(({ width }) => width)), new Set([longest]));
});

Deno.test("a split of pairs of one length is not packed; one of spread lengths has fewer places", () => {
  assert.deepEqual(packings(even, index, sizes), []);
  const all = packings(spread, index, sizes);
  const places = ({ mined, trained }: typeof all[number]) =>
    placesOf(mined) + 3 * placesOf(trained);
  assert.ok(all.length >= 2);
  assert.ok(places(all[0]!) < 0.9 * places(all.at(-1)!));
});

Deno.test("a short training has fewer packings, since each is compiled", () => {
  const count = (microSteps: number) => packings(spread, index, { ...sizes, microSteps }).length;
  assert.ok(count(1) < count(1_000_000));
});
