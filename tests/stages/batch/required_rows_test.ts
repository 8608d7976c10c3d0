import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { requiredRows } from "../../../stages/batch/required_rows.ts";
import { rankingProblems } from "../../../stages/batch/sampling.ts";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import { pairScorer } from "../../../stages/score/pair_scoring.ts";
import { rankingData } from "../../../stages/train/fine_tune/ranking_data.ts";
import { rowBatch } from "../../../stages/train/pretrain/batch_rows.ts";
import { testCompute } from "../../support/compute.ts";
import { smallFeatures } from "../../support/small_features.ts";
import { smallConfiguration, smallWeights } from "../../support/small_model.ts";

const compute = await testCompute();
const set = smallFeatures({
  featureDim: smallConfiguration.img_dim,
  vocabulary: smallConfiguration.vocab_size,
});
const index = indexSplit(set, "train");
const [texts, images] = [index.captions.length, index.images.length];

Deno.test("rows that a table has are returned, others are refused with their number", () => {
  const table = { count: 4, what: "images" };
  const rows = Int32Array.of(0, 3, 1);
  assert.equal(requiredRows(rows, table), rows);
  for (const row of [4, 99, -1, 0.5, NaN]) {
    assert.throws(
      () => requiredRows([0, 3, row], table),
      new RangeError(`row ${row} of 4 images`),
    );
  }
});

Deno.test("a pretraining batch of rows that do not exist never reaches the device", () => {
  assert.deepEqual([...rowBatch([{ text: 1, image: 0 }], index).texts.values], [1]);
  for (const pair of [{ text: texts, image: 0 }, { text: 0, image: images }]) {
    assert.throws(() => rowBatch([pair], index), /^RangeError: row \d+ of \d+ (texts|images)$/);
  }
});

Deno.test("nor do ranking problems, whether features stay on the device or come with the batch", () => {
  const sizes = { anchors: 2, negatives: 2 };
  for (const budget of [Infinity, 0]) {
    using data = rankingData(set, index, { ...sizes, budget });
    const problems = rankingProblems(index, randomStream(1), 0, sizes);
    data.onDevice(problems).free();
    const counts = { textCandidates: texts, textAnchors: texts, imageCandidates: images } as const;
    for (const [name, count] of Object.entries({ ...counts, imageAnchors: images })) {
      const rows = problems[name as keyof typeof problems];
      const wrong = { ...problems, [name]: rows.with(1, count) };
      assert.throws(
        () => data.onDevice(wrong),
        /^RangeError: row \d+ of \d+ (texts|images)$/,
        name,
      );
    }
  }
});

Deno.test("nor do pairs to score: a tile has no other images than its own", async () => {
  const weights = smallWeights(7);
  const options = { set, index, weights, block: 4, tile: 4, xla: false };
  {
    using scorer = pairScorer(compute, smallConfiguration, options);
    using tile = scorer.tile([0, 1]);
    const score = (text: number, image: number) =>
      tile.score(Int32Array.of(text), Int32Array.of(image));
    assert.equal((await score(texts - 1, 1)).length, 1);
    await assert.rejects(score(texts, 0), new RangeError(`row ${texts} of ${texts} texts`));
    await assert.rejects(score(0, 2), new RangeError("row 2 of 2 images of a tile"));
  }
  tf.dispose(weights as Record<string, tf.Tensor>);
});
