import assert from "node:assert/strict";
import {
  branchWeights,
  hasFrozenBranches,
  learnedBranchWeight,
  withFrozenBranches,
} from "../../../stages/model/branches.ts";

const tensor = (value: number) => ({ shape: [1], values: Float32Array.of(value) });
const layer = "uniter.encoder.layer.0.output.dense.bias";
const model = {
  "uniter.embeddings.word_embeddings.weight": tensor(1),
  [layer]: tensor(2),
  "uniter.img_embeddings.img_linear.weight": tensor(3),
  "branch_text.weight": tensor(4),
};

Deno.test("frozen branches read the text encoder as it was when they were frozen", () => {
  const frozen = withFrozenBranches(model, 20);
  assert.ok(hasFrozenBranches(frozen) && !hasFrozenBranches(model));
  const later = { ...frozen, [layer]: tensor(7) };
  const seen = branchWeights(later);
  for (const [name, value] of Object.entries(model)) assert.equal(seen[name], value, name);
  assert.deepEqual(later[layer], tensor(7));
  assert.equal(learnedBranchWeight(later), 20);
});

Deno.test("branches that are not frozen read the model's own encoder; frozen ones do not change", () => {
  assert.equal(branchWeights(model), model);
  assert.equal(learnedBranchWeight(model), undefined);
  const later = { ...withFrozenBranches(model, 20), [layer]: tensor(7) };
  const again = withFrozenBranches(later, 30);
  assert.deepEqual(branchWeights(again)[layer], tensor(2));
  assert.equal(learnedBranchWeight(again), 30);
});
