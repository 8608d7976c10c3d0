import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { Complaint } from "../../../pipeline/contract/complaint.ts";
import "../../support/tensor_test.ts";
import { BestWeights } from "../../../stages/train/best_weights.ts";
import { temporaryFolder } from "../../support/temporary_folder.ts";

const weights = (value: number) => ({ w: tf.tensor1d([value, -value]) });
const valuesOf = async (best: BestWeights) => [...(await best.read())["w"]!.values];

Deno.test("the weights with the highest sum of recalls are kept, the first of equal ones", async () => {
  using folder = temporaryFolder();
  const best = await BestWeights.open(folder.path, 0);
  assert.equal(best.step, undefined);
  for (const [step, rsum] of [[10, 3.1], [20, 4.2], [30, 4.2], [40, 4.1]] as const) {
    await best.offer({ step, rsum, weights: weights(step) });
  }
  assert.equal(best.step, 20);
  assert.deepEqual(await valuesOf(best), [20, -20]);
});

Deno.test("after a kill, best weights from after the checkpoint are dropped, earlier ones are kept", async () => {
  using folder = temporaryFolder();
  const first = await BestWeights.open(folder.path, 0);
  await first.offer({ step: 20, rsum: 1 / 3, weights: weights(20) });
  assert.equal((await BestWeights.open(folder.path, 15)).step, undefined);
  const later = await BestWeights.open(folder.path, 25);
  assert.equal(later.step, 20);
  await later.offer({ step: 30, rsum: 1 / 3, weights: weights(30) });
  assert.deepEqual(await valuesOf(later), [20, -20], "an equal sum is not better");
});

Deno.test("a truncated file of best weights is an error when training resumes, and ignored when it starts", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/best.safetensors`, "half a fi");
  await assert.rejects(BestWeights.open(folder.path, 100), Complaint);
  const best = await BestWeights.open(folder.path, 0);
  assert.equal(best.step, undefined);
  await best.offer({ step: 1, rsum: 0, weights: weights(1) });
  assert.deepEqual(await valuesOf(best), [1, -1]);
});
