import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { dropout } from "../../../stages/model/dropout.ts";
import { deviceRandom } from "../../../stages/model/keyed_random.ts";
import { tensorTest } from "../../support/tensor_test.ts";

const streamOf = (seed: number) => ({
  host: randomStream(seed),
  device: deviceRandom(tf.tensor1d([...randomStream(seed).key], "int32")),
});

tensorTest("random numbers inside programs are those of the host, fork by fork", () => {
  const purpose = fc.oneof(fc.string(), fc.nat());
  fc.assert(fc.property(fc.nat(), fc.array(purpose, { maxLength: 3 }), (seed, purposes) => {
    tf.tidy(() => {
      let { host, device } = streamOf(seed);
      for (const each of purposes) [host, device] = [host.fork(each), device.fork(each)];
      const expected = Array.from({ length: 15 }, (_, counter) => host.uniform(counter));
      assert.deepEqual(Array.from(device.uniform([3, 5]).dataSync()), expected);
    });
  }));
});

tensorTest("dropout() zeroes about its rate and keeps the mean", () => {
  const rate = 0.3;
  const kept = dropout(tf.ones([101, 97]), { rate, random: streamOf(11).device }).dataSync();
  const zeros = kept.filter((value) => value === 0).length / kept.length;
  const deviation = Math.sqrt(rate * (1 - rate) / kept.length);
  assert.ok(Math.abs(zeros - rate) < 5 * deviation, `${zeros} zeroed`);
  assert.ok(kept.every((value) => value === 0 || Math.abs(value - 1 / 0.7) < 1e-6));
});

tensorTest("dropout() passes gradients exactly where it passes values", () => {
  const x = tf.fill([13, 7], 2);
  const drop = (given: tf.Tensor) => dropout(given, { rate: 0.5, random: streamOf(3).device });
  const gradient = tf.grad((given: tf.Tensor) => tf.sum(drop(given)))(x);
  assert.deepEqual(Array.from(tf.mul(gradient, 2).dataSync()), Array.from(drop(x).dataSync()));
});

tensorTest("without a stream, or at rate 0, dropout() gives back what it was given", () => {
  const x = tf.ones([5]);
  assert.equal(dropout(x, { rate: 0.5 }), x);
  assert.equal(dropout(x, { rate: 0, random: streamOf(1).device }), x);
});
