import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { dropout } from "../../../stages/model/layers.ts";
import { deviceRandom } from "../../../stages/model/keyed_random.ts";
import { tensorTest } from "../../support/tensor_test.ts";

const device = (seed: number) => deviceRandom(tf.tensor1d([...randomStream(seed).key], "int32"));

tensorTest("dropout() zeroes about its rate and keeps the mean", () => {
  const rate = 0.3;
  const kept = dropout(tf.ones([101, 97]), { rate, random: device(11) }).dataSync();
  const zeros = kept.filter((value) => value === 0).length / kept.length;
  const deviation = Math.sqrt(rate * (1 - rate) / kept.length);
  assert.ok(Math.abs(zeros - rate) < 5 * deviation, `${zeros} zeroed`);
  assert.ok(kept.every((value) => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6));
});

tensorTest("dropout() passes gradients exactly where it passes values", () => {
  const x = tf.fill([13, 7], 2);
  const drop = (given: tf.Tensor) => dropout(given, { rate: 0.5, random: device(3) });
  const gradient = tf.grad((given: tf.Tensor) => tf.sum(drop(given)))(x);
  assert.deepEqual(Array.from(tf.mul(gradient, 2).dataSync()), Array.from(drop(x).dataSync()));
});

tensorTest("without a stream, or at rate 0, dropout() returns its input", () => {
  const x = tf.ones([5]);
  assert.equal(dropout(x, { rate: 0.5 }), x);
  assert.equal(dropout(x, { rate: 0, random: device(1) }), x);
});
