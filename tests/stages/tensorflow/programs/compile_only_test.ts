/** Programs that are compiled and not run. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { filledTensor } from "../../../../stages/tensorflow/kernels/filled_tensor.ts";
import { compileOnly } from "../../../../stages/tensorflow/programs/compile_only.ts";
import { testCompute } from "../../../support/compute.ts";

const compute = await testCompute();
type Inputs = { readonly x: tf.Tensor; readonly parts: readonly tf.Tensor[] };

Deno.test("compileOnly() describes a program, and neither reads its inputs nor runs it", () => {
  tf.tidy(() => {
    const gigabyte = [2 ** 14, 2 ** 14];
    const x = filledTensor(gigabyte, "float32", () => {});
    const { tensorCount } = compute.binding.eager;
    const before = Deno.memoryUsage().rss;
    const { inputs, outputs, name } = compileOnly(
      compute,
      ({ x, parts: [a, b] }: Inputs) => ({ squares: tf.square(x), sum: tf.matMul(a!, b!) }),
      { x, parts: [tf.ones([3, 5]), tf.ones([5, 7])] },
      { name: "described" },
    );
    assert.match(name, /^described_\w+$/);
    assert.deepEqual(inputs, [
      { path: "x", shape: gigabyte },
      { path: "parts.0", shape: [3, 5] },
      { path: "parts.1", shape: [5, 7] },
    ]);
    assert.deepEqual(outputs, [
      { path: "squares", shape: gigabyte },
      { path: "sum", shape: [3, 7] },
    ]);
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 2 ** 29, `grew by ${grown} bytes: the input or the output was written`);
    assert.equal(compute.binding.eager.tensorCount, tensorCount + 2, "the two small inputs alone");
  });
});

Deno.test("compileOnly() fails where XLA cannot compile, and can be used again", () => {
  tf.tidy(() => {
    const image = tf.ones([1, 8, 8, 2]) as tf.Tensor4D;
    const crops = ({ image }: { image: tf.Tensor }) =>
      tf.image.cropAndResize(image as tf.Tensor4D, [[0, 0, 1, 1]], [0], [4, 4]);
    assert.throws(() => compileOnly(compute, crops, { image }, { name: "crops" }), /CropAndResize/);
    const { outputs } = compileOnly(compute, ({ x }) => tf.neg(x as tf.Tensor), { x: image }, {
      name: "negated",
    });
    assert.deepEqual(outputs, [{ path: "", shape: [1, 8, 8, 2] }]);
  });
});
