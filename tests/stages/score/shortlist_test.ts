/** Which pairs are scored, that their scores are correct, and where the others rank. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { indexSplit } from "../../../stages/batch/split_index.ts";
import { scoreGrid } from "../../../stages/score/grid.ts";
import { scoreShortlist, shortlisted, withOthersBelow } from "../../../stages/score/shortlist.ts";
import { testCompute } from "../../support/compute.ts";
import { smallFeatures } from "../../support/small_features.ts";
import { smallConfiguration, smallWeights } from "../../support/small_model.ts";

const compute = await testCompute();

// deno-fmt-ignore
const cosines = Float32Array.of(
  0.9, 0.1,
  0.8, 0.2,
  0.7, 0.3,
  0.6, 0.4,
);

Deno.test("shortlisted() has the most similar images of each text and the most similar texts of each image", () => {
  const places = shortlisted(cosines, { texts: 4, images: 2, count: 1 });
  // Image 0 of every text; texts 0 and 1 of image 0, texts 3 and 2 of image 1.
  assert.deepEqual([...places], [0, 2, 4, 5, 6, 7]);
  assert.equal(shortlisted(cosines, { texts: 4, images: 2, count: 9 }).length, 8);
});

Deno.test("pairs outside the shortlist rank below it, in the order of the branches", () => {
  const all = withOthersBelow(cosines, Int32Array.of(0, 7), Float32Array.of(-5, 2));
  assert.deepEqual([all[0], all[7]], [-5, 2]);
  const others = [1, 2, 3, 4, 5, 6];
  const order = (values: Float32Array) => others.toSorted((a, b) => values[b]! - values[a]!);
  assert.ok(others.every((place) => all[place]! < -5));
  assert.deepEqual(order(all), order(cosines));
});

Deno.test("a pair has the same score on the shortlist as in the whole matrix", async () => {
  const set = smallFeatures({
    featureDim: smallConfiguration.img_dim,
    vocabulary: smallConfiguration.vocab_size,
  });
  const index = indexSplit(set, "train");
  const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
  const weights = smallWeights(7);
  const options = { set, index, weights, block: 5, xla: false };
  const whole = await scoreGrid(compute, smallConfiguration, options);
  const places = Int32Array.of(1, 7, 8, 20, 33, 71);
  const scores = await scoreShortlist(compute, smallConfiguration, { ...options, places });
  scores.forEach((score, row) => assert.ok(Math.abs(score - whole[places[row]!]!) < 1e-5));
  // In pieces, as a killed run leaves them: only the missing one is scored, with the same bits.
  for (const sizes of [{ pairsOfPiece: 1 }, { imagesOfTile: 2, pairsOfPiece: 2 }]) {
    const pieces: Float32Array[] = [];
    const split = { ...options, ...sizes, places };
    const made = await scoreShortlist(compute, smallConfiguration, {
      ...split,
      keep: (piece, scores) => Promise.resolve(void (pieces[piece] = scores)),
    });
    made.forEach((score, row) => assert.ok(Math.abs(score - whole[places[row]!]!) < 1e-5));
    assert.ok(pieces.length >= 3);
    const scored: number[] = [];
    const resumed = await scoreShortlist(compute, smallConfiguration, {
      ...split,
      kept: (piece, count) => {
        assert.equal(pieces[piece]!.length, count);
        return Promise.resolve(piece === 1 ? undefined : pieces[piece]);
      },
      keep: (piece) => Promise.resolve(void scored.push(piece)),
    });
    assert.deepEqual(scored, [1]);
    assert.deepEqual(resumed, made);
  }
  tf.dispose(weights as Record<string, tf.Tensor>);
  assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
});
