/** The score matrix of a split, with tiles of any size and after a kill. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Weights } from "../../../stages/model/weights.ts";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import { imageTiles, scoreGrid } from "../../../stages/score/grid.ts";
import { testCompute } from "../../support/compute.ts";
import { smallFeatures } from "../../support/small_features.ts";
import { smallConfiguration, smallWeights } from "../../support/small_model.ts";

const compute = await testCompute();
const set = smallFeatures({
  featureDim: smallConfiguration.img_dim,
  vocabulary: smallConfiguration.vocab_size,
});
const index = indexSplit(set, "train");

async function grid(
  imagesOfTile: number,
  block: number,
  more: Partial<Parameters<typeof scoreGrid>[2]> = {},
) {
  const weights: Weights = smallWeights(7);
  try {
    const options = { set, index, weights, block, imagesOfTile, xla: false, ...more };
    return await scoreGrid(compute, smallConfiguration, options);
  } finally {
    tf.dispose(weights as Record<string, tf.Tensor>);
  }
}

const apart = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

Deno.test("the matrix is the same for tiles and blocks of any size, and no tensor is leaked", async () => {
  const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
  const whole = await grid(100, 1000);
  assert.equal(whole.length, 12 * 6);
  assert.equal(new Set(whole).size, 72, "every pair has a score of its own");
  for (const [tile, block] of [[1, 5], [4, 7], [5, 60], [6, 72]] as const) {
    assert.ok(apart(await grid(tile, block), whole) < 1e-5, `tiles of ${tile}, blocks of ${block}`);
  }
  assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
});

Deno.test("tiles that a killed run has kept are reused, and only the others are scored", async () => {
  const tiles = new Map<number, Float32Array>();
  const whole = await grid(4, 7, {
    keep: (tile, scores) => Promise.resolve(void tiles.set(tile, scores)),
  });
  assert.deepEqual([...tiles.keys()], [0, 1]);
  const scored: number[] = [];
  const marked = tiles.get(0)!.map((score) => score + 1);
  const resumed = await grid(4, 7, {
    kept: (tile, count) => Promise.resolve(tile === 0 && count === 48 ? marked : undefined),
    keep: (tile) => Promise.resolve(void scored.push(tile)),
  });
  assert.deepEqual(scored, [1]);
  const [first] = imageTiles({ set, index }, 4);
  for (let text = 0; text < 12; text++) {
    for (let image = 0; image < 6; image++) {
      const place = text * 6 + image;
      const taken = first!.includes(image);
      assert.equal(resumed[place], taken ? Math.fround(whole[place]! + 1) : whole[place]);
    }
  }
});

Deno.test("pieces of any size have the same scores; of a killed run, only what is missing is scored", async () => {
  const whole = await grid(4, 7);
  for (const pairsOfPiece of [1, 9, 20, 1000]) {
    const pieces = new Map<number, Float32Array>();
    const options = {
      pairsOfPiece,
      keep: (piece: number, scores: Float32Array) =>
        Promise.resolve(void pieces.set(piece, scores)),
    };
    const made = await grid(4, 7, options);
    assert.ok(apart(made, whole) < 1e-5);
    // 12 texts with a tile of 4 images, then with one of 2: so many texts in a piece as 4 images allow.
    const texts = Math.min(12, Math.max(1, Math.floor(pairsOfPiece / 4)));
    assert.equal(pieces.size, 2 * Math.ceil(12 / texts));
    const lost = Math.floor(pieces.size / 2);
    const scored: number[] = [];
    const resumed = await grid(4, 7, {
      pairsOfPiece,
      kept: (piece, count) => {
        const scores = piece === lost ? undefined : pieces.get(piece)!;
        assert.ok(scores === undefined || scores.length === count);
        return Promise.resolve(scores);
      },
      keep: (piece) => Promise.resolve(void scored.push(piece)),
    });
    assert.deepEqual(scored, [lost]);
    assert.deepEqual(resumed, made, "the same bits");
  }
});

Deno.test("images whose pieces are all kept are not read again", async () => {
  const unread = { ...set, regions: { ...set.regions, read: () => assert.fail("read") } };
  const scores = await grid(4, 7, {
    set: unread,
    kept: (_, count) => Promise.resolve(new Float32Array(count).fill(3)),
  });
  assert.deepEqual(scores, new Float32Array(72).fill(3));
});

Deno.test("images with similar numbers of regions share a tile", () => {
  const regions = imageTiles({ set, index }, 2).map((rows) =>
    rows.map((row) => set.images[index.images[row]!]!.regions)
  );
  assert.deepEqual(regions, [[1, 1], [2, 2], [3, 4]]);
});

Deno.test("pairs of very different sizes have the same scores as alone, without padding", async () => {
  const config = { ...smallConfiguration, max_position_embeddings: 64 };
  const uneven = smallFeatures({
    featureDim: config.img_dim,
    vocabulary: config.vocab_size,
    counts: [2, 30, 17, 60, 16, 1, 33],
    longer: 12,
  });
  const of = { set: uneven, block: 7, xla: false };
  const weights = smallWeights(7, config);
  const all = indexSplit(uneven, "train");
  const scores = await scoreGrid(compute, config, { ...of, index: all, weights, imagesOfTile: 2 });
  for (const text of all.captions.keys()) {
    for (const image of all.images.keys()) {
      const pair = {
        captions: [all.captions[text]!],
        images: [all.images[image]!],
        imageOfText: [0],
        textsOfImage: [[0]],
      };
      const [alone] = await scoreGrid(compute, config, { ...of, index: pair, weights });
      assert.ok(Math.abs(alone! - scores[text * all.images.length + image]!) < 1e-5);
    }
  }
  tf.dispose(weights as Record<string, tf.Tensor>);
});
