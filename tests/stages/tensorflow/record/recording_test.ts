/** What a recording holds. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../../stages/tensorflow/programs/compile.ts";
import { Recording } from "../../../../stages/tensorflow/record/recording.ts";
import { testCompute } from "../../../support/compute.ts";

const compute = await testCompute();
const { backend, binding } = compute;

Deno.test("the gradient of a sum records no tensor of ones, but an op that makes it", () => {
  using recording = new Recording(binding.native, { xla: true });
  binding.recording = recording;
  tf.engine().startScope();
  try {
    const input = recording.placeholder([70, 90], binding.TF_FLOAT);
    tf.grad((x) => tf.sum(tf.square(x)))(backend.createOutputTensor(input));
  } finally {
    tf.engine().endScope();
    binding.recording = undefined;
  }
  const largest = Math.max(...recording.ops.map(({ values = [] }) => values.length));
  assert.ok(largest <= 2, `a constant of ${largest} values`);
  assert.ok(
    recording.ops.some(({ name, outputs }) => name === "Fill" && outputs[0]!.shape[1] === 90),
  );
});

Deno.test("constants have their values, equal or not, of every type", () => {
  const cases = {
    ones: () => tf.ones([5, 17]),
    integers: () => tf.fill([5, 17], 7, "int32"),
    truths: () => tf.cast(tf.ones([5, 17], "bool"), "int32"),
    negativeZeros: () => tf.tensor(new Float32Array(85).fill(-0), [5, 17]),
    signedZeros: () => tf.tensor(Float32Array.from({ length: 85 }, (_, i) => i === 84 ? -0 : 0)),
    notNumbers: () => tf.tensor(new Float32Array(85).fill(NaN)),
    range: () => tf.tensor(Float32Array.from({ length: 85 }, (_, i) => i)),
  };
  for (const [name, make] of Object.entries(cases)) {
    for (const xla of [true, false]) {
      using compiled = compile(
        compute,
        ({ x }: { x: tf.Tensor }) => tf.concat([make().flatten(), x]),
        {
          name,
          xla,
        },
      );
      tf.tidy(() => {
        const x = tf.zeros([1], make().dtype);
        const values = [...compiled({ x }).dataSync()];
        assert.deepEqual(values, [...make().dataSync(), 0], `${name}, XLA: ${xla}`);
      });
    }
  }
});
