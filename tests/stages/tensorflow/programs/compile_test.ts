import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../../stages/tensorflow/programs/compile.ts";
import { RecordingError } from "../../../../stages/tensorflow/record/recording.ts";
import { testCompute } from "../../../support/compute.ts";
import { longTest } from "../../../support/long_test.ts";

const compute = await testCompute();
// deno-lint-ignore no-explicit-any
const loose = (fn: (inputs: any) => any) => fn;

function assertClose(actual: tf.Tensor, expected: tf.Tensor, tolerance = 1e-5) {
  assert.deepEqual(actual.shape, expected.shape);
  const a = actual.dataSync();
  const e = expected.dataSync();
  const scale = Math.max(1e-6, ...Array.from(e, Math.abs));
  a.forEach((x, i) => assert.ok(Math.abs(x - e[i]!) <= tolerance * scale, `[${i}] ${x} ${e[i]}`));
}

Deno.test("compile() gives the results of eager execution, with and without XLA, including gradients", () => {
  tf.tidy(() => {
    const x = tf.randomNormal([3, 5, 7], 0, 1, "float32", 1);
    const w = tf.randomNormal([11, 7], 0, 1, "float32", 2);
    const ids = tf.tensor2d([[0, 4], [2, 2], [1, 0]], [3, 2], "int32");
    const fn = loose(({ x, w, ids }) => {
      const loss = (x: tf.Tensor, w: tf.Tensor) => {
        const picked = tf.gather(x, ids, 1, 1); // [3, 2, 7]
        const scores = tf.matMul(tf.reshape(picked, [6, 7]), w, false, true);
        const wide = tf.logSoftmax(scores);
        return tf.mean(tf.add(wide, tf.relu(tf.slice(tf.erf(scores), [0, 2], [6, 1]))));
      };
      const { value, grads } = tf.valueAndGrads(loss as never)([x, w]);
      return {
        value,
        grads,
        joined: tf.concat([x, tf.cumsum(x, 2)], 2),
        hot: tf.oneHot(ids, 5),
        top: tf.topk(x, 3).indices,
      };
    });
    const eager = fn({ x, w, ids });
    for (const xla of [true, false]) {
      using compiled = compile(compute, fn, { name: "agree", xla });
      const result = compiled({ x, w, ids });
      assertClose(result.value, eager.value);
      assertClose(result.grads[0], eager.grads[0]);
      assertClose(result.grads[1], eager.grads[1]);
      assertClose(result.joined, eager.joined);
      assertClose(result.hot, eager.hot);
      assert.deepEqual(result.top.dataSync(), eager.top.dataSync());
      assert.equal(result.hot.dtype, eager.hot.dtype);
    }
  });
});

Deno.test("compile() records once per signature and keeps the structure of the result", () => {
  let recordings = 0;
  using double = compile(compute, ({ part: [a] }: { part: [tf.Tensor] }) => {
    recordings++;
    return { out: [tf.mul(a, 2)], same: a };
  }, { name: "forms" });
  const run = (values: number[]) =>
    tf.tidy(() => {
      const result = double({ part: [tf.tensor1d(values)] });
      return [...result.out[0]!.dataSync(), ...result.same.dataSync()];
    });
  assert.deepEqual(run([1, 2]), [2, 4, 1, 2]);
  assert.deepEqual(run([5, 7]), [10, 14, 5, 7]);
  assert.equal(recordings, 1);
  assert.deepEqual(run([3]), [6, 3]);
  assert.equal(recordings, 2);
  assert.deepEqual(double.programs.map(({ signature }) => signature), [
    "part.0:float32[2]",
    "part.0:float32[1]",
  ]);
});

Deno.test("compile() accepts values that are still on the host and leaves them usable", () => {
  tf.tidy(() => {
    using add = compile(compute, ([a, b]: [tf.Tensor, tf.Tensor]) => tf.add(a, b), {
      name: "waiting",
    });
    const a = tf.tensor1d([1, 2, 3]);
    assert.deepEqual([...add([a, a]).dataSync()], [2, 4, 6]);
    assert.deepEqual([...tf.neg(a).dataSync()], [-1, -2, -3]);
  });
});

Deno.test("programs of one content have one function, which the last of them frees", () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, 2, 3]);
    const double = (factor: number) =>
      compile(compute, ({ x }: { x: tf.Tensor }) => tf.mul(x, factor), { name: "shared" });
    const [first, second, other] = [double(2), double(2), double(3)];
    const values = (program: typeof first) => [...program({ x }).dataSync()];
    assert.deepEqual([first, second, other].map(values), [[2, 4, 6], [2, 4, 6], [3, 6, 9]]);
    first[Symbol.dispose]();
    assert.deepEqual([second, other].map(values), [[2, 4, 6], [3, 6, 9]]);
    second[Symbol.dispose]();
    assert.deepEqual(values(other), [3, 6, 9]);
    assert.deepEqual(values(second), [2, 4, 6]); // recorded again
    for (const program of [second, other]) program[Symbol.dispose]();
  });
});

function messageOf(fn: (inputs: { x: tf.Tensor }) => tf.Tensor): string {
  const x = tf.tensor1d([1, 2, 3]);
  try {
    compile(compute, fn, { name: "wrong" })({ x });
    return "no error";
  } catch (error) {
    assert.ok(error instanceof Error);
    return `${error.name}: ${error.message}`;
  } finally {
    x.dispose();
    assert.equal(compute.binding.recording, undefined);
  }
}

Deno.test("compile() names the call that reads a recorded value", () => {
  assert.equal(
    messageOf(({ x }) => tf.mul(x, x.dataSync()[0]!)),
    "RecordingError: dataSync(), data() or arraySync() reads the value of a tensor while the " +
      "function is being recorded; return the tensor and read it from the result",
  );
});

Deno.test("compile() names the call whose shape depends on values", () => {
  assert.match(
    messageOf(({ x }) => tf.unique(x).values),
    /^RecordingError: the shape of Unique.* depends on values/,
  );
});

Deno.test("compile() names a call that cannot be recorded", () => {
  assert.match(
    messageOf(({ x }) => tf.engine().runKernel("Nonsense", { x }) as tf.Tensor),
    /Nonsense/,
  );
});

Deno.test("compile() refuses tensors from outside the function, on the host or on the device", () => {
  const host = tf.tensor1d([1, 2, 3]);
  const device = tf.neg(host);
  const expected =
    "RecordingError: tf kernel Add uses a tensor that was made outside the recorded " +
    "function; pass it as an input";
  const hostOnly = tf.tensor1d([4, 5, 6]);
  assert.equal(messageOf(({ x }) => tf.add(x, hostOnly)), expected);
  assert.equal(messageOf(({ x }) => tf.add(x, device)), expected);
  assert.deepEqual([...tf.neg(hostOnly).dataSync()], [-4, -5, -6]);
  tf.dispose([host, device, hostOnly]);
});

Deno.test("compile() cannot be called within a recording", () => {
  using inner = compile(compute, ({ x }: { x: tf.Tensor }) => tf.neg(x), { name: "inner" });
  assert.match(messageOf(({ x }) => inner({ x })), /RecordingError: inner is called while another/);
});

Deno.test("an error in the middle of a recording leaves no tensor behind", () => {
  const before = [tf.memory().numTensors, compute.binding.eager.tensorCount];
  messageOf(({ x }) => {
    tf.mul(x, 2);
    throw new RecordingError("stop");
  });
  assert.deepEqual([tf.memory().numTensors, compute.binding.eager.tensorCount], before);
});

/** Set for a process that runs the next test alone, whose memory no other file changes. */
const isAlone = Deno.env.get("IAIS_TEST_ALONE") !== undefined;

Deno.test("1,000 steps leave the numbers of handles and tensors unchanged", () => {
  using step = compile(compute, ({ w, g }: { w: tf.Tensor; g: tf.Tensor }) => ({
    w: tf.sub(w, tf.mul(tf.matMul(g, tf.softmax(w)), 0.01)),
    norm: tf.sqrt(tf.sum(tf.square(w))),
  }), { name: "steps" });
  const g = tf.randomNormal([128, 128], 0, 1, "float32", 3);
  let w: tf.Tensor = tf.randomNormal([128, 128], 0, 1, "float32", 4);
  const steps = (count: number) => {
    for (let i = 0; i < count; i++) {
      const next = step({ w, g });
      next.norm.dataSync();
      next.norm.dispose();
      w.dispose();
      w = next.w;
    }
  };
  steps(100);
  const counts = () => [tf.memory().numTensors, compute.binding.eager.tensorCount];
  const before = counts();
  const rss = Deno.memoryUsage().rss;
  steps(1000);
  assert.deepEqual(counts(), before);
  // 1,000 leaked states would be 64 MB, 1,000 leaked handles of the other kind about as much.
  const grown = Deno.memoryUsage().rss - rss;
  if (isAlone) assert.ok(grown < 24e6, `${grown / 1e6} MB more`);
  tf.dispose([w, g]);
});

longTest("1,000 steps leave the resident memory unchanged", async () => {
  if (isAlone) return;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--filter", "1,000 steps", import.meta.filename!],
    env: { IAIS_TEST_ALONE: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  assert.equal(code, 0, text);
  assert.match(text, /2 passed/);
});

Deno.test("a program on another thread gives the same bits, while this thread computes and frees its inputs", async () => {
  const before = compute.binding.eager.tensorCount;
  const product = loose(({ x }) => ({ y: tf.sum(tf.matMul(x, x, false, true), 0) }));
  for (const xla of [true, false]) {
    using compiled = compile(compute, product, { name: "elsewhere", xla });
    const x = tf.randomNormal([301, 57], 0, 1, "float32", 1);
    const { y } = compiled({ x });
    const expected = y.dataSync();
    const others = [0, 1, 2].map(() => compiled.elsewhere({ x }));
    const { y: here } = compiled({ x });
    x.dispose();
    assert.deepEqual(here.dataSync(), expected);
    for (const { y } of await Promise.all(others)) {
      assert.deepEqual(y.dataSync(), expected);
      y.dispose();
    }
    assert.equal(compiled.programs.length, 1);
    tf.dispose([y, here]);
  }
  assert.equal(compute.binding.eager.tensorCount, before);
});

Deno.test("an error on another thread is reported, and later calls do not see it", async () => {
  const table = tf.tensor1d([1, 2, 3]);
  const rows = (row: number) => tf.tensor1d([row], "int32");
  const gathered = loose(({ table, row }) => ({ value: tf.gather(table, row) }));
  using compiled = compile(compute, gathered, { name: "out_of_range", xla: false });
  const [wrong, right] = [rows(7), rows(2)];
  const failing = compiled.elsewhere({ table, row: wrong });
  const { value } = compiled({ table, row: right });
  await assert.rejects(failing, /^TensorFlowError: run out_of_range_\w+: .*7 is not in \[0, 3\)/);
  assert.deepEqual([...value.dataSync()], [3]);
  tf.dispose([table, wrong, right, value]);
});

Deno.test("eager ops free the constants that kernels create", () => {
  const x = tf.tensor2d([[1, 2, 3], [4, 5, 6]]);
  const once = () =>
    tf.tidy(() => {
      tf.slice(x, [0, 1], [2, 2]).dataSync();
      tf.pad(x, [[1, 1], [0, 2]]).dataSync();
      tf.argMax(x, 1).dataSync();
      tf.tile(x, [2, 2]).dataSync();
      tf.gather(x, tf.tensor1d([1, 0], "int32"), 1).dataSync();
      tf.einsum("ij,ij->i", x, x).dataSync();
    });
  once();
  const before = compute.binding.eager.tensorCount;
  for (let i = 0; i < 20; i++) once();
  assert.equal(compute.binding.eager.tensorCount, before);
  x.dispose();
});
