import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { deviceRandom } from "../../../stages/model/keyed_random.ts";
import { tensorTest } from "../../support/tensor_test.ts";

const streamOf = (seed: number) => ({
  host: randomStream(seed),
  device: deviceRandom(tf.tensor1d([...randomStream(seed).key], "int32")),
});

tensorTest("random numbers inside programs equal those on the host, fork by fork", () => {
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
