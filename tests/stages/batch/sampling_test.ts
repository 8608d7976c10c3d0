import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { inEpochs, rankingProblems } from "../../../stages/batch/sampling.ts";

/** 7 images with 1..4 captions each. */
const textsOfImage = [[0, 1], [2], [3, 4, 5, 6], [7, 8], [9, 10, 11], [12], [13, 14]];
const index = {
  captions: Array.from({ length: 15 }, (_, i) => i),
  images: Array.from({ length: 7 }, (_, i) => i),
  imageOfText: textsOfImage.flatMap((texts, image) => texts.map(() => image)),
  textsOfImage,
};

Deno.test("inEpochs() visits every item once per epoch, in a new order in each epoch", () => {
  fc.assert(fc.property(fc.nat(1000), fc.integer({ min: 1, max: 40 }), (seed, size) => {
    const random = randomStream(seed);
    const epoch = (e: number) =>
      Array.from({ length: size }, (_, i) => inEpochs(random, e * size + i, size));
    for (const e of [0, 1, 5]) {
      assert.deepEqual(
        epoch(e).toSorted((a, b) => a - b),
        Array.from({ length: size }, (_, i) => i),
      );
    }
    if (size > 8) assert.notDeepEqual(epoch(0), epoch(1));
  }));
});

Deno.test("rankingProblems() puts a right answer first, followed by distinct wrong ones", () => {
  fc.assert(fc.property(fc.nat(1000), fc.nat(50), (seed, step) => {
    const problems = rankingProblems(index, randomStream(seed), step, { anchors: 3, negatives: 5 });
    for (let a = 0; a < 3; a++) {
      const image = problems.imageAnchors[a]!;
      const [positive, ...texts] = problems.textCandidates.subarray(a * 6, a * 6 + 6);
      assert.equal(index.imageOfText[positive!], image);
      assert.ok(texts.every((text) => index.imageOfText[text] !== image));
      assert.equal(new Set(texts).size, 5);
      const text = problems.textAnchors[a]!;
      const [right, ...images] = problems.imageCandidates.subarray(a * 6, a * 6 + 6);
      assert.equal(right, index.imageOfText[text]);
      assert.ok(images.every((other) => other !== right));
      assert.equal(new Set(images).size, 5);
    }
  }));
});

Deno.test("with a pool, the negatives are its most similar items, most similar first", () => {
  const cosine = (text: number, image: number) => Math.sin(7 * text + 13 * image);
  const random = randomStream(4);
  const drawn = rankingProblems(index, random, 2, { anchors: 3, negatives: 5 });
  const pool = { size: 5, cosine };
  const chosen = rankingProblems(index, random, 2, { anchors: 3, negatives: 2, pool });
  assert.deepEqual(chosen.imageAnchors, drawn.imageAnchors);
  for (let a = 0; a < 3; a++) {
    const [right, ...texts] = drawn.textCandidates.subarray(a * 6, a * 6 + 6);
    const image = drawn.imageAnchors[a]!;
    const likely = texts.sort((x, y) => cosine(y, image) - cosine(x, image)).slice(0, 2);
    assert.deepEqual([...chosen.textCandidates.subarray(a * 3, a * 3 + 3)], [right, ...likely]);
    const [own, ...images] = drawn.imageCandidates.subarray(a * 6, a * 6 + 6);
    const text = drawn.textAnchors[a]!;
    const near = images.sort((x, y) => cosine(text, y) - cosine(text, x)).slice(0, 2);
    assert.deepEqual([...chosen.imageCandidates.subarray(a * 3, a * 3 + 3)], [own, ...near]);
  }
});

Deno.test("a step's problems do not depend on the steps before it", () => {
  const sizes = { anchors: 2, negatives: 4 };
  const random = randomStream(9);
  const direct = rankingProblems(index, random, 17, sizes);
  for (let step = 0; step < 17; step++) rankingProblems(index, random, step, sizes);
  assert.deepEqual(rankingProblems(index, random, 17, sizes), direct);
  assert.notDeepEqual(rankingProblems(index, random, 18, sizes), direct);
});
