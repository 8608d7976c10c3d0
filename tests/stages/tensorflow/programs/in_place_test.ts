import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../../stages/tensorflow/programs/compile.ts";
import { reusesOf } from "../../../../stages/tensorflow/programs/in_place.ts";
import { clippedUpdate, publishedAdamw } from "../../../../stages/train/adamw.ts";
import { testCompute } from "../../../support/compute.ts";

const compute = await testCompute();
const TF_FLOAT = 1;

type Tensors = Record<string, tf.Tensor>;

/** Weights above and below the size from which memory is reused. */
function madeUp(seed: number): Tensors {
  return {
    "big.weight": tf.randomUniform([512, 256], -1, 1, "float32", seed),
    "small.bias": tf.randomUniform([256], -1, 1, "float32", seed + 1),
  };
}

function startState(): { weights: Tensors; first: Tensors; second: Tensors } {
  return { weights: madeUp(1), first: madeUp(3), second: tf.tidy(() => squared(madeUp(5))) };
}

function squared(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, tf.square(x)]));
}

/** The bits of weights and moments after some updates. */
function trained(consumes: string | undefined, updates: number): number[][] {
  const options = { ...publishedAdamw, clip: 2 };
  using update = compile(
    compute,
    // deno-lint-ignore no-explicit-any
    (inputs: any) => clippedUpdate(inputs, options) as any,
    { name: "in_place_update", ...(consumes !== undefined && { consumes }) },
  );
  const gradients = madeUp(7);
  const scalars = { learningRate: tf.scalar(0.1), stepSize: tf.scalar(0.2) };
  let state = startState();
  for (let i = 0; i < updates; i++) {
    const next = update({ state, gradients, scalars });
    tf.dispose([state as unknown as tf.TensorContainer, next.norm]);
    state = next.state;
  }
  const bits = Object.values(state).flatMap((part) => Object.values(part))
    .map((tensor) => Array.from(new Uint32Array(tensor.dataSync<"float32">().slice().buffer)));
  tf.dispose([state, gradients, scalars] as unknown as tf.TensorContainer);
  return bits;
}

Deno.test("an update in place gives the bits of one that is not, and keeps no tensor", () => {
  const before = tf.memory().numTensors;
  const onDevice = compute.binding.eager.tensorCount;
  assert.deepEqual(trained("state", 3), trained(undefined, 3));
  assert.equal(tf.memory().numTensors, before);
  assert.equal(compute.binding.eager.tensorCount, onDevice);
});

Deno.test("a program disposes what it consumes, large or small, and nothing else", () => {
  using step = compile(
    compute,
    // deno-lint-ignore no-explicit-any
    ({ state: { large, small }, factor }: any): any => ({
      state: { large: tf.mul(large, factor), small: tf.mul(small, factor) },
    }),
    { name: "consuming", consumes: "state" },
  );
  const state = { large: tf.fill([2 ** 16], 3), small: tf.fill([2], 3) };
  const factor = tf.scalar(2);
  const { state: next } = step({ state, factor });
  assert.ok(state.large.isDisposed && state.small.isDisposed && !factor.isDisposed);
  assert.ok(next.large.dataSync().every((x: number) => x === 6));
  assert.deepEqual([...next.small.dataSync()], [6, 6]);
  tf.dispose([next, factor]);
});

Deno.test("what another tensor still holds is not overwritten", () => {
  using step = compile(
    compute,
    // deno-lint-ignore no-explicit-any
    ({ state: { x } }: any): any => ({ state: { x: tf.add(x, 1) } }),
    { name: "sharing", consumes: "state" },
  );
  const x = tf.fill([2 ** 16], 3);
  const kept = tf.clone(x);
  const view = tf.reshape(x, [2 ** 8, 2 ** 8]);
  const { state: next } = step({ state: { x } });
  assert.ok(next.x.dataSync().every((value: number) => value === 4));
  for (const held of [kept, view]) assert.ok(held.dataSync().every((value) => value === 3));
  tf.dispose([next, kept, view]);
});

Deno.test("memory is reused for outputs of the same path, type and shape that are large", () => {
  const leaf = (path: string, shape: number[], dtype = TF_FLOAT) => ({ path, shape, dtype });
  const isConsumed = (path: string) => path.startsWith("state.");
  const inputs = [
    leaf("batch.a", [2 ** 16]),
    leaf("state.a", [2 ** 16]),
    leaf("state.b", [2 ** 8, 2 ** 8]),
    leaf("state.c", [2 ** 16]),
    leaf("state.d", [2 ** 16]),
    leaf("state.small", [2 ** 16 - 1]),
    leaf("state.gone", [2 ** 16]),
  ];
  const outputs = [
    leaf("state.small", [2 ** 16 - 1]),
    leaf("batch.a", [2 ** 16]),
    leaf("state.a", [2 ** 16]),
    leaf("state.b", [2 ** 16]),
    leaf("state.c", [2 ** 16], 3),
    leaf("state.d", [2 ** 16]),
  ];
  const reuses = reusesOf({ inputs, outputs }, isConsumed);
  assert.deepEqual(reuses.map(({ input, output }) => [input, output]), [[1, 2], [4, 5]]);
});

Deno.test("a consumed tensor and what takes its place need memory once", async () => {
  const program = new URL("../../../support/in_place_program.ts", import.meta.url);
  const growth = async (...args: string[]) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", program.pathname, ...args],
      stderr: "inherit",
    }).output();
    return JSON.parse(new TextDecoder().decode(stdout)) as { peak: number; bytes: number };
  };
  const inPlace = await growth("state");
  assert.ok(inPlace.peak < inPlace.bytes / 2, `${inPlace.peak}`);
  const beside = await growth();
  assert.ok(beside.peak > beside.bytes / 2, `${beside.peak}`);
});
