import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { widenedHalves } from "../../../../stages/model/widened_halves.ts";
import { filledTensor } from "../../../../stages/tensorflow/kernels/filled_tensor.ts";
import { compile } from "../../../../stages/tensorflow/programs/compile.ts";
import { testCompute } from "../../../support/compute.ts";

const compute = await testCompute();

/** All finite float16. */
const halves = Uint16Array.from({ length: 65536 }, (_, bits) => bits)
  .filter((bits) => (bits & 0x7c00) !== 0x7c00);

Deno.test("every finite float16 is widened exactly: eager, recorded, and under XLA", () => {
  const expected = Float32Array.from(new Float16Array(halves.buffer));
  const numbers = new Int32Array(halves.buffer);
  tf.tidy(() => {
    const pairs = tf.tensor3d(numbers, [4, 31, numbers.length / 124], "int32");
    const shape = [4, 31, 2 * numbers.length / 124];
    const widened = ({ pairs }: { pairs: tf.Tensor }) => widenedHalves(pairs);
    using xla = compile(compute, widened, { name: "xla" });
    using plain = compile(compute, widened, { name: "plain", xla: false });
    for (const made of [widened({ pairs }), xla({ pairs }), plain({ pairs })]) {
      assert.deepEqual(made.shape, shape);
      const values = made.dataSync<"float32">();
      assert.ok(values.every((value, at) => Object.is(value, expected[at])));
    }
  });
});

Deno.test("a filled tensor has what was written, also in parts", () => {
  const tensor = filledTensor([3, 2], "float32", (bytesAt) => {
    bytesAt(8, 16).set(new Uint8Array(Float32Array.of(3, 4, 5, 6).buffer));
    bytesAt(0, 8).set(new Uint8Array(Float32Array.of(1, 2).buffer));
    for (const [offset, length] of [[-1, 4], [20, 8], [0, 0]] as const) {
      assert.throws(() => bytesAt(offset, length), /^RangeError: internal: bytes/);
    }
  });
  assert.deepEqual([...tensor.dataSync()], [1, 2, 3, 4, 5, 6]);
  tensor.dispose();
});

Deno.test("a tensor that cannot be filled leaves nothing behind", () => {
  const before = compute.binding.eager.tensorCount;
  const failing = () =>
    filledTensor([1000], "int32", () => {
      throw new Error("no data");
    });
  assert.throws(failing, /no data/);
  assert.equal(compute.binding.eager.tensorCount, before);
});
