import assert from "node:assert/strict";
import {
  branchWeights,
  hasFrozenBranches,
  withFrozenBranches,
} from "../../../stages/model/branches.ts";

const model = {
  "uniter.embeddings.word_embeddings.weight": "words",
  "uniter.encoder.layer.0.output.dense.bias": "layer",
  "uniter.img_embeddings.img_linear.weight": "regions",
  "branch_text.weight": "text map",
};

Deno.test("frozen branches read the text encoder of the day they were frozen", () => {
  const frozen = withFrozenBranches(model);
  assert.ok(hasFrozenBranches(frozen) && !hasFrozenBranches(model));
  const later = { ...frozen, "uniter.encoder.layer.0.output.dense.bias": "moved" };
  const seen = branchWeights(later);
  for (const [name, value] of Object.entries(model)) assert.equal(seen[name], value, name);
  assert.equal(later["uniter.encoder.layer.0.output.dense.bias"], "moved");
});

Deno.test("branches that were not frozen read the model's own; frozen ones stay as they are", () => {
  assert.equal(branchWeights(model), model);
  const frozen = withFrozenBranches(model);
  const later = { ...frozen, "uniter.encoder.layer.0.output.dense.bias": "moved" };
  assert.equal(withFrozenBranches(later), later);
});
