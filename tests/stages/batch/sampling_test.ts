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

Deno.test("without families, the draws of a seed are what they always were", () => {
  const plain = (arrays: ReturnType<typeof rankingProblems>) =>
    Object.values(arrays).map((array) => [...array]);
  const sizes = { anchors: 2, negatives: 4 };
  assert.deepEqual(plain(rankingProblems(index, randomStream(7), 3, sizes)), [
    [3, 2],
    [8, 0, 9, 1, 11, 6, 7, 0, 1, 8],
    [8, 1],
    [3, 0, 6, 5, 1, 0, 1, 5, 6, 3],
  ]);
  const pool = {
    size: 5,
    cosine: (text: number, image: number) => Math.sin(7 * text + 13 * image),
  };
  const mined = rankingProblems(index, randomStream(7), 3, { anchors: 2, negatives: 2, pool });
  assert.deepEqual(plain(mined), [[3, 2], [8, 9, 0, 6, 1, 0], [8, 1], [3, 5, 6, 0, 2, 1]]);
  // Nor do families change anything as long as no negatives are requested of them.
  const same = rankingProblems({ ...index, familyOfImage: families }, randomStream(7), 3, sizes);
  assert.deepEqual(same, rankingProblems(index, randomStream(7), 3, sizes));
});

/** Images 0 to 2 and 3 to 5 are families; image 6 is alone. */
const families = [[0, 1, 2], [0, 1, 2], [0, 1, 2], [3, 4, 5], [3, 4, 5], [3, 4, 5], [6]];
/** Text -> other images that it is true of: in its family, and of another one. */
const known: Readonly<Record<number, readonly number[]>> = {
  0: [1],
  2: [0, 2, 5],
  9: [3, 5],
  13: [0],
};
const alsoTrueOf = index.captions.map((text) => known[text] ?? []);
const alsoTrueTexts = index.images.map((image) =>
  index.captions.filter((text) => alsoTrueOf[text]!.includes(image))
);
const familyIndex = { ...index, familyOfImage: families, alsoTrueOf, alsoTrueTexts };
const isTrue = (text: number, image: number) =>
  index.imageOfText[text] === image || alsoTrueOf[text]!.includes(image);

/** Each problem as one list: whether answers are true of its anchor and of its family. */
function problemsOf(seed: number, step: number, familyNegatives: number, negatives: number) {
  const anchors = 3;
  const drawn = rankingProblems(familyIndex, randomStream(seed), step, {
    anchors,
    negatives,
    familyNegatives,
  });
  const side = 1 + negatives;
  return Array.from({ length: anchors }, (_, a) => {
    const image = drawn.imageAnchors[a]!;
    const text = drawn.textAnchors[a]!;
    const candidates = (rows: Int32Array) => [...rows.subarray(a * side, a * side + side)];
    return [
      {
        answers: candidates(drawn.textCandidates),
        isTrue: (answer: number) => isTrue(answer, image),
        isRelative: (answer: number) => families[image]!.includes(index.imageOfText[answer]!),
        all: index.captions,
      },
      {
        answers: candidates(drawn.imageCandidates),
        isTrue: (answer: number) => isTrue(text, answer),
        isRelative: (answer: number) => families[index.imageOfText[text]!]!.includes(answer),
        all: index.images,
      },
    ];
  }).flat();
}

Deno.test("negatives of the own family come first, as many as there are, and no negative is known to be true", () => {
  let fewer = 0;
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(50), fc.integer({ min: 0, max: 3 }), (seed, step, wanted) => {
      for (const { answers, isTrue, isRelative, all } of problemsOf(seed, step, wanted, 3)) {
        const [right, ...wrong] = answers;
        assert.ok(isTrue(right!));
        assert.equal(new Set(wrong).size, 3);
        for (const answer of wrong) assert.ok(!isTrue(answer), `${answer}`);
        const relatives = all.filter((answer) => isRelative(answer) && !isTrue(answer));
        const first = Math.min(wanted, relatives.length);
        if (first < wanted) fewer++;
        assert.ok(wrong.slice(0, first).every(isRelative));
      }
    }),
    { numRuns: 300, seed: 4 },
  );
  assert.ok(fewer > 20, "families without enough wrong answers occur");
});

Deno.test("all wrong answers of a family are drawn in time, and the same ones for the same step", () => {
  const drawn = new Map<string, Set<number>>();
  for (let step = 0; step < 200; step++) {
    const problems = problemsOf(1, step, 1, 2);
    assert.deepEqual(
      problemsOf(1, step, 1, 2).map(({ answers }) => answers),
      problems.map(({ answers }) => answers),
    );
    problems.forEach(({ answers: [right, first], isRelative }, place) => {
      if (!isRelative(first!)) return;
      const key = `${place % 2} ${right}`;
      drawn.set(key, (drawn.get(key) ?? new Set()).add(first!));
    });
  }
  // Text 7 of image 3: images 4 and 5. Image 0 by its text 1: the texts of images 1 and 2 that are not true of it.
  assert.deepEqual([...drawn.get("1 3")!].sort(), [4, 5]);
  assert.deepEqual([...drawn.get("0 1")!].sort(), [3, 4, 5, 6]);
  assert.ok(!drawn.has("1 6"), "image 6 has no family");
});

Deno.test("with a pool, the most similar fill the places after the family", () => {
  const cosine = (text: number, image: number) => Math.sin(7 * text + 13 * image);
  const options = { anchors: 2, negatives: 2, familyNegatives: 1 };
  const pool = { size: 3, cosine };
  const mined = rankingProblems(familyIndex, randomStream(3), 5, { ...options, pool });
  const whole = rankingProblems(familyIndex, randomStream(3), 5, { ...options, negatives: 3 });
  for (let a = 0; a < 2; a++) {
    const image = whole.imageAnchors[a]!;
    const [right, relative, ...others] = whole.textCandidates.subarray(a * 4, a * 4 + 4);
    const likeliest = others.sort((x, y) => cosine(y, image) - cosine(x, image))[0];
    assert.deepEqual(
      [...mined.textCandidates.subarray(a * 3, a * 3 + 3)],
      [right, relative, likeliest],
    );
  }
});

Deno.test("too many negatives are an error that counts all wrong answers, those of the family included", () => {
  const draw = (negatives: number) =>
    rankingProblems(familyIndex, randomStream(1), 0, { anchors: 1, negatives, familyNegatives: 2 });
  const image = draw(2).imageAnchors[0]!;
  const wrong = index.captions.filter((text) => !isTrue(text, image)).length;
  assert.throws(() => draw(wrong + 1), (error) => {
    assert.equal(
      String(error),
      `error: ${wrong + 1} negatives are requested, but the training split has ${wrong} wrong ` +
        "answers\nfix: lower `negatives` (or `pool`), or train on more images",
    );
    return true;
  });
});
