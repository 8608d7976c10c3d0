import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { dropChannels, dropRegions } from "../../../stages/model/feature_drop.ts";
import { deviceRandom } from "../../../stages/model/keyed_random.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const random = (seed: number) => deviceRandom(tf.tensor1d([seed, 7], "int32"));

tensorTest("a channel is dropped in all regions of an image; the others are scaled up", () => {
  const made = dropChannels(tf.ones([5, 3, 401]), { rate: 0.25, random: random(1) });
  const first = tf.slice(made, [0, 0, 0], [5, 1, 401]);
  assertClose(made, tf.tile(first, [1, 3, 1]), 0);
  const values = [...first.dataSync()];
  assert.ok(values.every((one) => one === 0 || Math.abs(one - 4 / 3) < 1e-6));
  const kept = values.filter((one) => one > 0).length / values.length;
  assert.ok(Math.abs(kept - 0.75) < 4 * Math.sqrt(0.75 * 0.25 / values.length), `${kept}`);
});

tensorTest("with a centre, dropped channels have its value, and the mean does not change", () => {
  const centre = tf.tensor2d([[3, -2]]);
  const pictures = tf.tile(tf.tensor2d([[5, 1]]), [4001, 1]);
  const made = dropChannels(pictures, { rate: 0.5, random: random(2), centre });
  const [column0, column1] = tf.split(made, 2, 1);
  assert.deepEqual(new Set(column0!.dataSync()), new Set([3, 7]));
  assert.deepEqual(new Set(column1!.dataSync()), new Set([-2, 4]));
  assertClose(tf.mean(made, 0), [5, 1], 0.2);
});

tensorTest(
  "regions are dropped one by one, never all of an image, and padding remains padding",
  () => {
    const mask = tf.tile(tf.tensor2d([[1, 1, 1, 0], [1, 0, 0, 0]]), [500, 1]);
    const made = dropRegions(mask, { rate: 0.6, random: random(3) });
    assert.ok([...tf.sum(made, 1).dataSync()].every((count) => count >= 1));
    assertClose(tf.mul(made, tf.sub(1, mask)), tf.zeros([1000, 4]), 0);
    const [three = 0, one = 0] = tf.mean(tf.reshape(tf.sum(made, 1), [500, 2]), 0).dataSync();
    assert.equal(one, 1);
    // 3 x 0.4, and one where all three would have gone: 0.6^3.
    assert.ok(Math.abs(three - (1.2 + 0.216)) < 0.15, `${three}`);
  },
);

tensorTest("a rate of 0 changes nothing", () => {
  const x = tf.ones([2, 3]);
  assert.equal(dropChannels(x, { rate: 0, random: random(1) }), x);
  assert.equal(dropRegions(x, { rate: 0, random: random(1) }), x);
});
