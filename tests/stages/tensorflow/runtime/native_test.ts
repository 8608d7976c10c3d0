import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { OutOfMemory } from "../../../../pipeline/contract/out_of_memory.ts";
import { testCompute } from "../../../support/compute.ts";

Deno.test("memory that TensorFlow cannot get is an error of its own kind, in one line", async () => {
  await testCompute();
  // 2^60 bytes, which no address space holds.
  assert.throws(() => tf.fill([2 ** 19, 2 ** 19, 2 ** 20], 1), (error) => {
    assert.ok(error instanceof OutOfMemory, String(error));
    assert.match(error.message, /^run Fill: .*OOM when allocating tensor with shape\[524288,/);
    assert.ok(!error.message.includes("\n"));
    return true;
  });
});
