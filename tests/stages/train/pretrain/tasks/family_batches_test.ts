import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../../pipeline/contract/random_stream.ts";
import { readExperiment } from "../../../../../pipeline/experiment/experiment.ts";
import { buildGraph } from "../../../../../pipeline/experiment/stage_graph.ts";
import { indexSplit, isTrueOf } from "../../../../../stages/batch/split_index.ts";
import { catalogue } from "../../../../../stages/catalogue.ts";
import type { FeatureSet } from "../../../../../stages/data/feature_set.ts";
import { mismatchedInFamily } from "../../../../../stages/train/pretrain/batch_rows.ts";
import {
  pretrainingTasks,
  type TaskName,
} from "../../../../../stages/train/pretrain/task_table.ts";
import { errorText } from "../../../../support/toy_graph.ts";

/**
 * Six families of three pictures, mixed, with two captions each. The first caption of the first picture of a
 * family is true of the second, too, and that of the third of all.
 */
const families = 6;
const images = Array.from({ length: 3 * families }, (_, place) => ({
  id: `i${place}`,
  split: "train",
  family: `f${place % families}`,
  offset: place,
  regions: 1,
}));
const captions = images.flatMap((_, image) => {
  const [family, member] = [image % families, Math.floor(image / families)];
  const others = member === 0
    ? [family + families]
    : member === 2
    ? [family, family + families]
    : undefined;
  return [0, 1].map((k) => ({
    id: `c${image}_${k}`,
    image,
    split: "train",
    text: "",
    tokens: [5, 6],
    ...(k === 0 && others && { alsoTrueOf: others }),
  }));
});
const vocabulary = { size: 23, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };
const set = { images, captions, vocabulary } as unknown as FeatureSet;
const index = indexSplit(set, "train");
const familyOf = (image: number) => image % families;

const source = { set, index, words: 4, regions: 1, maskRate: 0.5, families: true };
const batchOf = (
  task: TaskName,
  [seed, step]: readonly [number, number],
  options: { readonly pairs: number; readonly grid?: number; readonly families?: boolean },
) => {
  const batch = pretrainingTasks[task].batch(
    { ...source, ...options, random: randomStream(seed) },
    step,
  );
  const values = (name: string) => [...batch[name]!.values];
  return { batch, values };
};
const anyDraw = fc.tuple(fc.nat(1000), fc.nat(300));

Deno.test("pair_ranking has whole families, each picture with a caption of its own", () => {
  fc.assert(fc.property(anyDraw, (draw) => {
    const { values } = batchOf("pair_ranking", draw, { pairs: 36 });
    const shown = values("images");
    assert.equal(shown.length, 6);
    assert.deepEqual(shown, values("texts").map((text) => index.imageOfText[text]));
    for (const start of [0, 3]) {
      const own = shown.slice(start, start + 3);
      assert.equal(new Set(own.map(familyOf)).size, 1);
      assert.equal(new Set(own).size, 3);
    }
  }));
});

Deno.test("every family comes once in an epoch, and captions of a picture change", () => {
  const shown: number[] = [];
  const texts = new Set<number>();
  for (let step = 0; step < 30; step++) {
    const { values } = batchOf("pair_ranking", [5, step], { pairs: 36 });
    shown.push(...values("images").map(familyOf).filter((_, place) => place % 3 === 0));
    for (const text of values("texts")) texts.add(text);
  }
  const all = Array.from({ length: families }, (_, family) => family);
  for (let epoch = 0; epoch < shown.length / families; epoch++) {
    const own = shown.slice(epoch * families, (epoch + 1) * families);
    assert.deepEqual(own.toSorted(), all);
  }
  assert.equal(texts.size, captions.length);
});

Deno.test("a family is cut off where the pairs of a batch are not a multiple of its size", () => {
  fc.assert(fc.property(anyDraw, (draw) => {
    const { values } = batchOf("pair_ranking", draw, { pairs: 16 });
    const [a, b, c, d] = values("images").map(familyOf);
    assert.deepEqual([b, c], [a, a]);
    assert.ok(d !== undefined);
    assert.equal(values("images").length, 4);
  }));
});

Deno.test("grids have sides as requested, and their masks say which captions are true of which pictures", () => {
  fc.assert(
    fc.property(
      anyDraw,
      fc.constantFrom(
        { pairs: 36, grid: 3, grids: 4, side: 3 },
        { pairs: 40, grid: 6, grids: 1, side: 6 },
        { pairs: 36, grids: 1, side: 6 },
        { pairs: 36, grid: 2, grids: 9, side: 2, families: false },
      ),
      (draw, { grids, side, ...options }) => {
        const { batch, values } = batchOf("pair_ranking", draw, options);
        assert.deepEqual(batch["right"]!.shape, [grids, side, side]);
        const [texts, shown, right] = [values("texts"), values("images"), values("right")];
        assert.equal(texts.length, grids * side);
        for (let row = 0; row < grids * side; row++) {
          const start = side * Math.floor(row / side);
          for (let column = 0; column < side; column++) {
            const truth = isTrueOf(index, texts[row]!, shown[start + column]!);
            assert.equal(right[row * side + column], truth ? 1 : 0);
          }
          assert.equal(right[row * side + row % side], 1, "the diagonal is right");
        }
      },
    ),
  );
});

Deno.test("kin come in one batch, and a second mask says which pictures are of one family", () => {
  // Families 0 and 1 are kin, 2 and 3, 4 and 5.
  const kinOf = (image: number) => Math.floor(familyOf(image) / 2);
  const withKin: FeatureSet = {
    ...set,
    images: images.map((image, place) => ({ ...image, kin: `k${kinOf(place)}` })),
  };
  const related = { ...source, set: withKin, index: indexSplit(withKin, "train") };
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    const { pair_ranking } = pretrainingTasks;
    const batch = pair_ranking.batch(
      { ...related, pairs: 72, grid: 6, random: randomStream(seed) },
      step,
    );
    const shown = [...batch["images"]!.values];
    assert.deepEqual(batch["related"]!.shape, [2, 6, 6]);
    const mask = [...batch["related"]!.values];
    for (const start of [0, 6]) {
      const own = shown.slice(start, start + 6);
      assert.equal(new Set(own).size, 6);
      assert.equal(new Set(own.map(kinOf)).size, 1);
      assert.equal(new Set(own.map(familyOf)).size, 2);
      own.forEach((row, i) =>
        own.forEach((column, j) => {
          const one = mask[(start + i) * 6 + j];
          assert.equal(one, familyOf(row) === familyOf(column) ? 1 : 0);
        })
      );
    }
  }));
  const plain = batchOf("pair_ranking", [1, 1], { pairs: 36, families: false });
  assert.ok(!("related" in plain.batch));
});

Deno.test("a pool with fewer pictures than a grid gives a smaller grid", () => {
  const pool = {
    size: 3,
    cosine: (text: number, image: number) => Math.sin(7 * text + 13 * image),
  };
  const { right, images: shown } = pretrainingTasks.pair_ranking.batch(
    { ...source, pairs: 64, families: false, pool, random: randomStream(1) },
    0,
  );
  assert.deepEqual(shown!.shape, [4]);
  assert.deepEqual(right!.shape, [1, 4, 4]);
  assert.equal(right!.values.length, 16);
});

Deno.test("every second wrong pair of matching has a picture of the own family that the caption is not true of", () => {
  let relatives = 0;
  fc.assert(
    fc.property(anyDraw, (draw) => {
      for (const task of ["matching", "word_region_transport"] as const) {
        const { values } = batchOf(task, draw, { pairs: 8 });
        const [texts, shown, matched] = [values("texts"), values("images"), values("matched")];
        texts.forEach((text, pair) => {
          const image = shown[pair]!;
          const own = index.imageOfText[text]!;
          // By chance, any other picture may be one that the caption is true of.
          assert.equal(matched[pair], isTrueOf(index, text, image) ? 1 : 0);
          if (pair % 2 === 0) assert.equal(image, own);
          else assert.notEqual(image, own);
          if (pair % 4 !== 1) return;
          const wrong = index.familyOfImage![own]!.filter((other) => !isTrueOf(index, text, other));
          if (wrong.length > 0) {
            relatives++;
            assert.ok(wrong.includes(image));
            assert.equal(matched[pair], 0);
          }
        });
      }
    }),
    { numRuns: 200, seed: 8 },
  );
  assert.ok(relatives > 200);
});

Deno.test("mismatchedInFamily() draws every picture of the family that the caption is not true of", () => {
  const drawn = (text: number) => {
    const pair = { text, image: index.imageOfText[text]! };
    const found = Array.from(
      { length: 60 },
      (_, seed) => mismatchedInFamily(pair, index, randomStream(seed)),
    );
    for (const each of found) assert.ok(each === undefined || each.text === text);
    return [...new Set(found.map((each) => each?.image))].sort();
  };
  // Image 1, of family 1: images 7 and 13 are the others.
  assert.deepEqual(drawn(2), [13]);
  assert.deepEqual(drawn(3), [13, 7]);
  // The first caption of image 13 is true of all.
  assert.deepEqual(drawn(26), [undefined]);
});

Deno.test("without families, nothing of this changes a batch", () => {
  for (const task of ["matching", "pair_ranking"] as const) {
    const draw = (extra: object) => {
      const random = randomStream(3);
      const batch = pretrainingTasks[task].batch({ ...source, pairs: 16, random, ...extra }, 4);
      return [batch["texts"], batch["images"]];
    };
    const { familyOfImage: _familyOfImage, ...plain } = index;
    assert.deepEqual(draw({ families: false }), draw({ families: false, index: plain }));
    assert.notDeepEqual(draw({ families: true }), draw({ families: false }));
  }
});

Deno.test("families and grids that no task uses, or that contradict a pool, are errors with a fix", () => {
  const errorOf = (parameters: string) =>
    errorText(() => {
      const stages = [
        "scenes: { use: make_scenes }",
        "features: { use: extract_features, from: scenes }",
        "initial: { use: initialise_model, features: features }",
        `weights: { use: pretrain, features: features, from: initial, ${parameters} }`,
      ];
      const text = `name: x\nseed: 1\nstages:\n${stages.map((line) => `  ${line}\n`).join("")}`;
      buildGraph(readExperiment(text, "e.yaml", () => undefined), catalogue);
    });
  const ends = (parameters: string, ...fixes: string[]) => {
    const found = errorOf(parameters).split("\n").filter((line) => line.startsWith("fix: "));
    assert.deepEqual(found, fixes.map((fix) => `fix: ${fix}`));
  };
  ends(
    "families: true",
    "use false, or one of the tasks that use it: `pair_ranking`, `matching`, `word_region_transport`",
  );
  ends("grid: 4", "remove it, or add `pair_ranking` to `tasks`, the only task that uses it");
  ends(
    "grid: 9, pairs: 64, tasks: { pair_ranking: 1 }",
    "use at most 8: a grid has `grid` x `grid` pairs",
  );
  ends(
    "grid: 4, families: true, pool: 9, branch_weight: 1, tasks: { pair_ranking: 1 }",
    "use 0, or remove `grid`: a pool has one grid",
    "use 0, or `families: false`: a batch has pictures of a pool or of families",
  );
});
