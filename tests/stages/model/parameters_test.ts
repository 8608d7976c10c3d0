import assert from "node:assert/strict";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { initialWeights, withRankHead } from "../../../stages/model/initial_weights.ts";
import {
  decays,
  extraParameters,
  parameterTable,
  rankingParts,
  trainedNames,
} from "../../../stages/model/parameters.ts";
import { goldenConfiguration, goldenJson } from "../../support/goldens.ts";
import { smallConfiguration } from "../../support/small_model.ts";

Deno.test("the table has the published names and shapes, and no others", () => {
  const published: Record<string, number[]> = goldenJson("model_keys.json");
  const config = goldenConfiguration();
  const table = new Map(parameterTable(config).map(({ name, shape }) => [name, shape]));
  // Region heads are added when a task needs them.
  for (const { name, shape } of extraParameters(config, { classes: 16 })) {
    if (!name.startsWith("branch_")) table.set(name, shape);
  }
  // The decoders are tied to the embeddings.
  const left = /^(feat_regress|cls\.predictions\.decoder)\.weight$/;
  for (const [name, shape] of Object.entries(published)) {
    assert.deepEqual(left.test(name) ? shape : table.get(name), shape, name);
    table.delete(name);
  }
  assert.deepEqual([...table.keys()], ["rank_output.weight", "rank_output.bias"]);
});

Deno.test("ranking trains the parameters that have a gradient in the release", () => {
  const recorded = goldenJson("expected.json").gradients;
  const gradients = recorded.grads["rank/text_anchored/iais_layout"].params;
  const trained = Object.keys(gradients).filter((name) => gradients[name] !== null);
  assert.deepEqual(
    trainedNames(goldenConfiguration(), rankingParts).toSorted(),
    trained.toSorted(),
  );
});

Deno.test("biases and BERT's LayerNorms have no weight decay, the image's LayerNorms do, as in the release", () => {
  assert.equal(decays("uniter.encoder.layer.0.output.LayerNorm.weight"), false);
  assert.equal(decays("uniter.encoder.layer.0.output.LayerNorm.bias"), false);
  assert.equal(decays("uniter.pooler.dense.bias"), false);
  assert.equal(decays("uniter.pooler.dense.weight"), true);
  assert.equal(decays("uniter.img_embeddings.img_layer_norm.weight"), true);
  assert.equal(decays("uniter.img_embeddings.img_layer_norm.bias"), false);
});

Deno.test("initial weights: deviation 0.02, LayerNorms 1 and 0, biases 0", () => {
  const weights = initialWeights({ ...smallConfiguration, vocab_size: 499 }, randomStream(1));
  const { values } = weights["uniter.embeddings.word_embeddings.weight"]!;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 5 * 0.02 / Math.sqrt(values.length), `mean ${mean}`);
  assert.ok(Math.abs(Math.sqrt(variance) - 0.02) < 0.001, `deviation ${Math.sqrt(variance)}`);
  const norm = "uniter.encoder.layer.1.output.LayerNorm";
  assert.ok(weights[`${norm}.weight`]!.values.every((value) => value === 1));
  assert.ok(weights[`${norm}.bias`]!.values.every((value) => value === 0));
});

Deno.test("a tensor's initial values depend only on seed and name, not on other tensors", () => {
  const name = "uniter.pooler.dense.weight";
  const shallow = initialWeights({ ...smallConfiguration, num_hidden_layers: 1 }, randomStream(1));
  const deep = initialWeights({ ...smallConfiguration, num_hidden_layers: 3 }, randomStream(1));
  const other = initialWeights(smallConfiguration, randomStream(2));
  assert.deepEqual(deep[name], shallow[name]);
  assert.notDeepEqual(other[name], shallow[name]);
});

Deno.test("withRankHead() copies the row of matching pairs, and keeps an existing head", () => {
  const weights = {
    "itm_output.weight": { shape: [2, 3], values: Float32Array.from([1, 2, 3, 4, 5, 6]) },
    "itm_output.bias": { shape: [2], values: Float32Array.from([7, 8]) },
  };
  const made = withRankHead(weights);
  assert.deepEqual(made["rank_output.weight"], {
    shape: [1, 3],
    values: Float32Array.from([4, 5, 6]),
  });
  assert.deepEqual(made["rank_output.bias"], { shape: [1], values: Float32Array.from([8]) });
  const trained = { ...made, "rank_output.bias": { shape: [1], values: Float32Array.from([9]) } };
  assert.equal(withRankHead(trained), trained);
});
