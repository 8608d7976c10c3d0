import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../../pipeline/contract/random_stream.ts";
import { indexSplit } from "../../../../../stages/batch/split_index.ts";
import { longestRows } from "../../../../../stages/batch/row_tables.ts";
import {
  pretrainingTasks,
  type TaskName,
} from "../../../../../stages/train/pretrain/task_table.ts";
import { smallFeatures } from "../../../../support/small_features.ts";

const set = smallFeatures({ featureDim: 3, vocabulary: 23 });
const index = indexSplit(set, "train");
const pairs = 8;
const sizes = { ...longestRows(set, index), set, index, pairs, maskRate: 0.5 };
const batchOf = (task: TaskName, seed: number, step: number) =>
  pretrainingTasks[task].batch({ ...sizes, random: randomStream(seed) }, step);
const anyDraw = fc.tuple(fc.nat(1000), fc.nat(300));
const values = (batch: ReturnType<typeof batchOf>, name: string) => [...batch[name]!.values];

Deno.test("only one modality is masked, and all pairs belong together", () => {
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    for (const task of ["masked_words", "masked_region_features"] as const) {
      const batch = batchOf(task, seed, step);
      const images = values(batch, "images");
      assert.deepEqual(images, values(batch, "texts").map((text) => index.imageOfText[text]));
      assert.equal("maskedRegions" in batch, task !== "masked_words");
      assert.equal("tokens" in batch, task === "masked_words");
    }
  }));
});

Deno.test("in each image the given share of regions is masked, at least one, and no padding", () => {
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    const batch = batchOf("masked_region_features", seed, step);
    const mask = values(batch, "maskedRegions");
    const there = values(batch, "regionThere");
    const rows = values(batch, "regionRows").filter((_, slot) => there[slot] === 1);
    assert.deepEqual(
      rows.toSorted((a, b) => a - b),
      mask.flatMap((one, i) => one === 1 ? [i] : []),
    );
    values(batch, "images").forEach((image, pair) => {
      const { regions } = set.images[index.images[image]!]!;
      const own = rows.filter((row) => Math.floor(row / sizes.regions) === pair);
      assert.equal(own.length, Math.max(1, Math.round(regions / 2)));
      assert.ok(own.every((row) => row % sizes.regions < regions));
    });
  }));
});

Deno.test("every second pair of matching belongs together, and the labels are correct", () => {
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    const batch = batchOf("matching", seed, step);
    const images = values(batch, "images");
    const truth = values(batch, "texts").map((text, pair) =>
      index.imageOfText[text] === images[pair] ? 1 : 0
    );
    assert.deepEqual(values(batch, "matched"), truth);
    assert.deepEqual(truth, [1, 0, 1, 0, 1, 0, 1, 0]);
  }));
});

Deno.test("branch_contrast shows every picture once per epoch, with another caption in the next", () => {
  const shown: string[] = [];
  for (let step = 0; step < 12; step++) {
    const batch = batchOf("branch_contrast", 5, step);
    const texts = values(batch, "texts");
    values(batch, "images").forEach((image, pair) => {
      assert.equal(index.imageOfText[texts[pair]!], image);
      shown.push(`${image}/${texts[pair]}`);
    });
  }
  const images = index.images.length;
  for (let epoch = 0; epoch + 2 <= shown.length / images; epoch++) {
    const two = shown.slice(epoch * images, (epoch + 2) * images);
    assert.equal(new Set(two).size, 2 * images, "both captions of each picture");
  }
});

Deno.test("pair_ranking has as many pictures as the square root of its pairs, each with its own caption", () => {
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    const batch = batchOf("pair_ranking", seed, step);
    const images = values(batch, "images");
    assert.equal(images.length, 2);
    assert.deepEqual(images, values(batch, "texts").map((text) => index.imageOfText[text]));
  }));
});

Deno.test("with a pool, pair_ranking has a picture and those most similar to its caption", () => {
  const cosine = (text: number, image: number) => Math.sin(7 * text + 13 * image);
  const pool = { size: 4, cosine };
  fc.assert(fc.property(anyDraw, ([seed, step]) => {
    const random = randomStream(seed);
    const seen = pretrainingTasks.branch_contrast.batch({ ...sizes, random, pairs: 5 }, step);
    const [first, ...others] = values(seen, "images");
    const text = values(seen, "texts")[0]!;
    const rivals = others.filter((image) => image !== first);
    const likeliest = rivals.sort((a, b) => cosine(text, b) - cosine(text, a))[0];
    const batch = pretrainingTasks.pair_ranking.batch({ ...sizes, random, pool }, step);
    assert.deepEqual(values(batch, "images"), [first, likeliest]);
  }));
});
