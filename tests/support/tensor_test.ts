/** Tests over tfjs's own CPU backend: the oracle for everything that is recorded elsewhere. */
import assert from "node:assert/strict";
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { registerKeyedUniformForCpu } from "../../stages/model/keyed_random.ts";
import { registerWidenedHalvesForCpu } from "../../stages/model/widened_halves.ts";

tf.env().set("IS_TEST", true); // no advertisement for tfjs-node
await tf.setBackend("cpu");
registerKeyedUniformForCpu();
registerWidenedHalvesForCpu();

/** A test whose tensors are freed at its end; one that keeps a tensor alive fails. */
export function tensorTest(name: string, body: () => void): void {
  Deno.test(name, () => {
    const before = tf.memory().numTensors;
    tf.tidy(body);
    assert.equal(tf.memory().numTensors, before, "tensors left behind");
  });
}

/** All numbers agree within `tolerance`, absolutely below 1 and relatively above. */
export function assertClose(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance: number,
  what = "values",
): void {
  const got = numbersOf(actual);
  const wanted = numbersOf(expected);
  assert.equal(got.length, wanted.length, `${what}: number of elements`);
  const distance = largestDistance(got, wanted);
  assert.ok(distance <= tolerance, `${what} are ${distance} apart, more than ${tolerance}`);
}

/** max |a - b| / max(1, |b|); NaN counts as infinitely far. */
export function largestDistance(
  actual: tf.Tensor | ArrayLike<number>,
  expected: tf.Tensor | ArrayLike<number>,
): number {
  const got = numbersOf(actual);
  const wanted = numbersOf(expected);
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const distance = Math.abs(got[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    largest = Math.max(largest, Number.isNaN(distance) ? Infinity : distance);
  }
  return largest;
}

function numbersOf(values: tf.Tensor | ArrayLike<number>): ArrayLike<number> {
  return values instanceof tf.Tensor ? values.dataSync() : values;
}
