import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { deviceRandom } from "../../../../stages/model/keyed_random.ts";
import { compile } from "../../../../stages/tensorflow/programs/compile.ts";
import { testCompute } from "../../../support/compute.ts";

const compute = await testCompute();

const drawn = ({ key }: { key: tf.Tensor }) =>
  deviceRandom(key as tf.Tensor1D).fork("dropout").fork(7).uniform([3, 5, 2]);

Deno.test("the device draws the same bits as the host: eager, recorded, and under XLA", () => {
  for (const seed of [0, 1, 42, 2 ** 40 + 5]) {
    tf.tidy(() => {
      const stream = randomStream(seed).fork("step").fork(1234);
      const expected = Array.from(
        { length: 30 },
        (_, i) => stream.fork("dropout").fork(7).uniform(i),
      );
      const key = tf.tensor1d([...stream.key], "int32");
      using xla = compile(compute, drawn, { name: "xla" });
      using plain = compile(compute, drawn, { name: "plain", xla: false });
      assert.deepEqual([...drawn({ key }).dataSync()], expected);
      assert.deepEqual([...xla({ key }).dataSync()], expected);
      assert.deepEqual([...plain({ key }).dataSync()], expected);
    });
  }
});

Deno.test("one program serves all steps: the key is an input", () => {
  using uniform = compile(compute, drawn, { name: "steps" });
  const at = (step: number) =>
    tf.tidy(
      () => [
        ...uniform({ key: tf.tensor1d([...randomStream(1).fork(step).key], "int32") }).dataSync(),
      ],
    );
  assert.notDeepEqual(at(0), at(1));
  assert.deepEqual(at(0), at(0));
  assert.equal(uniform.programs.length, 1);
});

Deno.test("another process draws the same bits", async () => {
  const code = `
    import * as tf from "@tensorflow/tfjs-core";
    import { testCompute } from ${
    JSON.stringify(import.meta.resolve("../../../support/compute.ts"))
  };
    import { compile } from ${
    JSON.stringify(import.meta.resolve("../../../../stages/tensorflow/programs/compile.ts"))
  };
    import { deviceRandom } from ${
    JSON.stringify(import.meta.resolve("../../../../stages/model/keyed_random.ts"))
  };
    const f = compile(await testCompute(), ({ key }) => deviceRandom(key).fork("p").uniform([8]), { name: "f" });
    console.log(JSON.stringify([...f({ key: tf.tensor1d([17, -5], "int32") }).dataSync()]));`;
  const run = async () => {
    const root = new URL("../../../../", import.meta.url);
    const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=js", code],
      cwd: root,
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout)) as number[];
  };
  const expected = tf.tidy(() => {
    const f = deviceRandom(tf.tensor1d([17, -5], "int32")).fork("p").uniform([8]);
    return [...f.dataSync()];
  });
  assert.deepEqual(await run(), expected);
});

Deno.test("a million numbers are uniform and differ between purposes", () => {
  tf.tidy(() => {
    const random = deviceRandom(tf.tensor1d([1, 2], "int32"));
    const a = random.fork("a").uniform([1000, 1000]);
    const b = random.fork("b").uniform([1000, 1000]);
    const mean = (x: tf.Tensor) => tf.mean(x).dataSync()[0]!;
    const bound = 5 / Math.sqrt(12e6); // five standard errors
    assert.ok(Math.abs(mean(a) - 0.5) < bound);
    assert.ok(Math.abs(mean(tf.square(a)) - 1 / 3) < bound);
    assert.ok(Math.abs(mean(tf.mul(a, b)) - 0.25) < bound); // uncorrelated
    const neighbours = tf.mul(tf.slice(a, [0, 0], [1000, 999]), tf.slice(a, [0, 1], [1000, 999]));
    assert.ok(Math.abs(mean(neighbours) - 0.25) < bound);
  });
});
