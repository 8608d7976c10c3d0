/** Split programs give what the ops one by one give; equal layers share their functions. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { matrixProduct } from "../../../../stages/model/matrix_product.ts";
import { Recording } from "../../../../stages/tensorflow/record/recording.ts";
import {
  type SplitProgram,
  splitProgram,
} from "../../../../stages/tensorflow/record/split_program.ts";
import { RoundedInputs } from "../../../../stages/tensorflow/programs/rounded_inputs.ts";
import { testCompute } from "../../../support/compute.ts";

const { backend, binding } = await testCompute();
const { native, eager } = binding;
const random = randomStream(3);
const normals = (shape: number[], purpose: string) =>
  tf.tensor(
    Float32Array.from(
      { length: shape.reduce((size, side) => size * side, 1) },
      (_, i) => random.fork(purpose).normal(i),
    ),
    shape,
  );

/** Records a function of tensors, splits it and runs it. */
function runSplit(name: string, fn: (inputs: tf.Tensor[]) => tf.Tensor[], inputs: tf.Tensor[]) {
  const { program, outputCount } = recordSplit(name, fn, inputs);
  const functions = [...program.clusters, program.main];
  for (const { body } of functions) eager.addFunction(body);
  using roundings = new RoundedInputs(eager, program.rounded);
  const ids = backend.getInputTensorIds(inputs);
  const all = [...ids, ...roundings.of(ids)];
  const made = eager.callFunction(program.main.name, all, outputCount, "ops");
  const values = made.map((id) => eager.read(id) as Float32Array);
  for (const id of made) eager.deleteTensor(id);
  for (const { name, body } of functions) {
    eager.removeFunction(name);
    native.c.TF_DeleteFunction(body);
  }
  return { values, clusters: program.clusters.length, rounded: program.rounded };
}

function recordSplit(
  name: string,
  fn: (inputs: tf.Tensor[]) => tf.Tensor[],
  like: readonly tf.Tensor[],
): { program: SplitProgram; outputCount: number } {
  using recording = new Recording(native, { xla: true });
  binding.recording = recording;
  tf.engine().startScope();
  try {
    const inputs = like.map(({ shape }) => recording.placeholder(shape, binding.TF_FLOAT));
    const made = fn(inputs.map((input) => backend.createOutputTensor(input)));
    const outputs = backend.getInputTensorIds(made);
    const program = splitProgram(native, name, { ops: recording.ops, inputs, outputs });
    return { program, outputCount: outputs.length };
  } finally {
    tf.engine().endScope();
    binding.recording = undefined;
  }
}

const bfloat16 = { precision: "bfloat16" } as const;

function assertClose(
  values: readonly Float32Array[],
  wanted: readonly tf.Tensor[],
  layers: number,
) {
  assert.equal(values.length, wanted.length);
  wanted.forEach((tensor, place) => {
    const exact = tensor.dataSync<"float32">();
    const size = Math.max(...Array.from(exact, Math.abs));
    // Sums in another order differ by a step of 2^-8 where they round to the other side, in each layer.
    values[place]!.forEach((x, i) =>
      assert.ok(
        Math.abs(x - exact[i]!) <= layers * 2 ** -7 * size,
        `${place}[${i}]: ${x} ${exact[i]}`,
      )
    );
  });
}

Deno.test("a split program computes values and gradients, and equal layers share clusters", () => {
  tf.tidy(() => {
    const layers = 5;
    const x = normals([6, 16], "x");
    const weights = Array.from({ length: layers }, (_, i) => normals([16, 16], `w${i}`));
    const value = (x: tf.Tensor, weights: tf.Tensor[]) => {
      let hidden = x;
      for (const w of weights) {
        const product = matrixProduct(hidden, w, { transposeB: true, ...bfloat16 });
        hidden = tf.tanh(tf.add(tf.mul(product, 0.25), hidden));
      }
      return hidden;
    };
    const fn = ([x, ...weights]: tf.Tensor[]) => {
      const loss = (x: tf.Tensor, ...weights: tf.Tensor[]) => tf.mean(tf.square(value(x, weights)));
      return [value(x!, weights), ...tf.grads(loss as never)([x!, ...weights])];
    };
    const split = runSplit("layers", fn, [x, ...weights]);
    assertClose(split.values, fn([x, ...weights]), layers);
    assert.deepEqual(runSplit("layers_again", fn, [x, ...weights]).values, split.values);
    assert.ok(split.clusters < 2 * layers, `${split.clusters} clusters`);
    // x and each weight are read rounded, once, by the product and by its gradient.
    assert.deepEqual([...split.rounded].sort(), [0, 1, 2, 3, 4, 5]);
  });
});

Deno.test("inputs, constants and the same tensor twice can be outputs of a split program", () => {
  tf.tidy(() => {
    const x = normals([3, 4], "x");
    const fn = ([x]: tf.Tensor[]) => {
      const product = matrixProduct(x!, x!, { transposeB: true, ...bfloat16 });
      return [x!, product, tf.scalar(3), tf.add(product, 1), tf.add(product, 1), product];
    };
    assertClose(runSplit("outputs", fn, [x]).values, fn([x]), 1);
  });
});

Deno.test("inputs are rounded once for as long as they are the same tensors", () => {
  let next = 100;
  const live = new Set<number>();
  const rounded: number[] = [];
  const device = {
    execute(_name: string, _attributes: unknown, [input]: readonly number[]) {
      rounded.push(input!);
      live.add(next);
      return [{ id: next++, shape: [], dtype: 14 }];
    },
    deleteTensor: (id: number) => assert.ok(live.delete(id)),
  };
  const inputs = new RoundedInputs(device, [0, 2]);
  assert.deepEqual(inputs.of([1, 2, 3]), [100, 101]);
  assert.deepEqual(inputs.of([1, 9, 3]), [100, 101]);
  assert.deepEqual(inputs.of([1, 9, 4]), [100, 102]);
  assert.deepEqual(inputs.of([5, 9, 5]), [103, 103]);
  assert.deepEqual(rounded, [1, 3, 4, 5]);
  assert.equal(live.size, 1);
  inputs[Symbol.dispose]();
  assert.equal(live.size, 0);
});
