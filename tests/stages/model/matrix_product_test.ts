/** Rounded products: worked example, gradients, and the same numbers on every route. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  matrixProduct,
  type ProductOptions,
  registerRoundedMatMulForCpu,
} from "../../../stages/model/matrix_product.ts";
import { compile } from "../../../stages/tensorflow/programs/compile.ts";
import { testCompute } from "../../support/compute.ts";

const compute = await testCompute();
tf.env().set("IS_TEST", true); // no advertisement for tfjs-node
registerRoundedMatMulForCpu();
const random = randomStream(11);
const normals = (purpose: string, shape: number[]) =>
  tf.tensor(
    Float32Array.from(
      { length: shape.reduce((size, side) => size * side, 1) },
      (_, i) => random.fork(purpose).normal(i),
    ),
    shape,
  );
const numbers = (x: tf.Tensor) => [...x.dataSync<"float32">()];

Deno.test("factors and product are rounded to 8 bits, ties to even, on the device", () => {
  tf.tidy(() => {
    const product = (a: number, b: number) =>
      numbers(
        matrixProduct(tf.tensor2d([[a]]), tf.tensor2d([[b]]), { precision: "bfloat16" }),
      )[0];
    assert.equal(product(1 + 2 ** -9, 1), 1, "below half a step");
    assert.equal(product(1 + 2 ** -8, 1), 1, "half a step, to the even neighbour");
    assert.equal(product(1 + 3 * 2 ** -8, 1), 1 + 2 ** -6, "half a step, to the even neighbour");
    assert.equal(product(1 + 2 ** -7, 1 + 2 ** -7), 1 + 2 ** -6, "the product is rounded, too");
  });
});

const layouts: Required<Pick<ProductOptions, "transposeA" | "transposeB">>[] = [false, true]
  .flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

for (const layout of layouts) {
  const shape = (rows: number, columns: number, transposed: boolean) =>
    transposed ? [2, columns, rows] : [2, rows, columns];
  const inputs = () => ({
    a: normals("a", shape(3, 7, layout.transposeA)),
    b: normals("b", shape(7, 5, layout.transposeB)),
    above: normals("above", [2, 3, 5]),
  });
  const gradients = (
    { a, b, above }: ReturnType<typeof inputs>,
    precision: "float32" | "bfloat16",
  ) => {
    const value = (a: tf.Tensor, b: tf.Tensor) =>
      tf.sum(tf.mul(matrixProduct(a, b, { ...layout, precision }), above));
    const [da, db] = tf.grads(value as never)([a, b]);
    return { product: matrixProduct(a, b, { ...layout, precision }), da: da!, db: db! };
  };

  Deno.test(`a rounded product and its gradients are the rounded float32 ones: ${JSON.stringify(layout)}`, () => {
    tf.tidy(() => {
      const [exact, rounded] = [gradients(inputs(), "float32"), gradients(inputs(), "bfloat16")];
      for (const name of ["product", "da", "db"] as const) {
        const [wanted, got] = [numbers(exact[name]), numbers(rounded[name])];
        const apart = Math.max(...wanted.map((x, i) => Math.abs(x - got[i]!)));
        assert.ok(apart > 0 && apart < 0.06, `${name}: ${apart}`);
      }
    });
  });

  Deno.test(`eager, recorded and the oracle round in the same way: ${JSON.stringify(layout)}`, async () => {
    const step = (given: ReturnType<typeof inputs>) => gradients(given, "bfloat16");
    const values = (fn: typeof step) =>
      tf.tidy(() => {
        const made = fn(inputs());
        return [numbers(made.product), numbers(made.da), numbers(made.db)].flat();
      }) as unknown as number[];
    await tf.setBackend("cpu");
    const oracle = values(step);
    await tf.setBackend("tensorflow");
    const eager = values(step);
    using recorded = compile(compute, step as never, { name: "rounded", xla: false });
    using compiled = compile(compute, step as never, { name: "rounded_xla" });
    // One bfloat16 step, for sums that in another order are on the other side of a tie.
    for (const route of [eager, values(recorded as never), values(compiled as never)]) {
      route.forEach((x, i) =>
        assert.ok(Math.abs(x - oracle[i]!) <= 2 ** -7 * Math.abs(oracle[i]!))
      );
      assert.ok(route.filter((x, i) => x !== oracle[i]).length <= 0.03 * route.length);
    }
  });
}
