/** Features that stay on the device and features that come with each step give the same batches. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { firstImages, indexSplit } from "../../../../stages/batch/split_index.ts";
import { takeImages, takeTexts } from "../../../../stages/batch/gather_rows.ts";
import type { BranchTables } from "../../../../stages/score/frozen_branches.ts";
import { rankingData } from "../../../../stages/train/fine_tune/ranking_data.ts";
import { rankingProblems } from "../../../../stages/batch/sampling.ts";
import { smallFeatures } from "../../../support/small_features.ts";
import { tensorTest } from "../../../support/tensor_test.ts";

const random = randomStream(3);

const sizes = { anchors: 2, negatives: 3 };

/** Everything that a step would read of a batch. */
function read(budget: number, step: number): number[] {
  const set = smallFeatures({ featureDim: 5, vocabulary: 20 });
  const index = indexSplit(set, "train");
  const ofBranches = { branchTexts: tf.eye(index.captions.length) } as unknown as BranchTables;
  const branches = { tables: ofBranches, pictures: (image: number) => Float32Array.of(image, 7) };
  using data = rankingData(set, index, { ...sizes, budget, branches });
  const problems = rankingProblems(index, random, step, sizes);
  const { tables, batch, free } = data.onDevice(problems);
  const values = tf.tidy(() => {
    const texts = takeTexts(tables, tf.reshape(batch.textCandidates, [-1]));
    const images = takeImages(
      tables,
      tf.concat([batch.imageAnchors as tf.Tensor1D, tf.reshape(batch.imageCandidates, [-1])]),
    );
    const pictures = tf.gather(tables["pictures"]!, batch.imageAnchors as tf.Tensor1D);
    const { branchTexts, pictureMean } = tables as Record<string, tf.Tensor>;
    const branches = { pictures, branchTexts: branchTexts!, pictureMean: pictureMean! };
    return Object.values({ ...texts, ...images, ...branches }).flatMap((
      tensor,
    ) => [...tensor.dataSync()]);
  }) as unknown as number[];
  free();
  return values;
}

tensorTest("a batch is the same whether features stay on the device or come with it", () => {
  for (let step = 0; step < 10; step++) {
    const [resident, streamed] = [read(Infinity, step), read(0, step)];
    assert.ok(resident.length > 300);
    assert.deepEqual(streamed, resident);
  }
});

tensorTest("tables of streamed batches have one size, so that one program serves them all", () => {
  const set = smallFeatures({ featureDim: 5, vocabulary: 20 });
  const index = indexSplit(set, "train");
  using data = rankingData(set, index, { ...sizes, budget: 0 });
  const shapes = Array.from({ length: 8 }, (_, step) => {
    const { tables, free } = data.onDevice(rankingProblems(index, random, step, sizes));
    const shape = tables.features.shape.join();
    free();
    return shape;
  });
  assert.deepEqual(new Set(shapes), new Set(["14,5"]), "zeros, and the 13 regions of all images");
});

Deno.test("firstImages() keeps all captions of the first images and no others", () => {
  const index = firstImages(
    indexSplit(smallFeatures({ featureDim: 5, vocabulary: 20 }), "train"),
    2,
  );
  assert.deepEqual(index.images, [0, 2]);
  assert.deepEqual(index.captions, [0, 1, 4, 5]);
  assert.deepEqual(index.imageOfText, [0, 0, 1, 1]);
  assert.deepEqual(index.textsOfImage, [[0, 1], [2, 3]]);
});
