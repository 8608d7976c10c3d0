import assert from "node:assert/strict";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { withBertText } from "../../../../stages/model/checkpoint/bert_weights.ts";
import type { Configuration } from "../../../../stages/model/configuration.ts";
import type { HostTensor } from "../../../../stages/model/weights.ts";
import { initialWeights } from "../../../../stages/model/initial_weights.ts";
import { errorText } from "../../../support/toy_graph.ts";

const config: Configuration = {
  hidden_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 10,
  vocab_size: 11,
  max_position_embeddings: 7,
  type_vocab_size: 2,
  hidden_dropout_prob: 0,
  attention_probs_dropout_prob: 0,
  initializer_range: 0.02,
  hidden_act: "gelu",
  img_dim: 5,
};
const options = { file: "bert.safetensors", random: randomStream(1) };

/** A text model under BERT's names, with other numbers than `options.random` gives. */
function bert(prefix = ""): Record<string, HostTensor> {
  const all = initialWeights(config, randomStream(2));
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => /^uniter\.(embeddings|encoder|pooler)\./.test(name))
      .map(([name, tensor]) => [name.replace("uniter.", prefix), tensor]),
  );
}

Deno.test("text layers are copied by name, with or without `bert.`, and image embeddings are initialised", () => {
  const fresh = initialWeights(config, randomStream(1));
  for (const prefix of ["", "bert."]) {
    const text = bert(prefix);
    const weights = withBertText(text, config, options);
    assert.deepEqual(Object.keys(weights), Object.keys(fresh));
    for (const [name, tensor] of Object.entries(weights)) {
      const taken = text[name.replace("uniter.", prefix)];
      if (name === "uniter.img_embeddings.LayerNorm.weight") continue;
      assert.equal(tensor, taken ?? tensor, name);
      if (taken === undefined) assert.deepEqual(tensor, fresh[name], name);
    }
  }
});

Deno.test("a model without a pooler gets an initialised one", () => {
  const text = bert();
  for (const name of Object.keys(text)) if (name.startsWith("pooler.")) delete text[name];
  const weights = withBertText(text, config, options);
  const fresh = initialWeights(config, randomStream(1));
  assert.deepEqual(weights["uniter.pooler.dense.weight"], fresh["uniter.pooler.dense.weight"]);
});

Deno.test("regions start at the scale of words: the images' LayerNorm has the root mean square of the text's", () => {
  const text = bert();
  const scale = Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
  const shift = Float32Array.of(0.3, 0, 0, -0.3, 0, 0);
  text["embeddings.LayerNorm.weight"] = { shape: [6], values: scale };
  text["embeddings.LayerNorm.bias"] = { shape: [6], values: shift };
  const { values } = withBertText(text, config, options)["uniter.img_embeddings.LayerNorm.weight"]!;
  const expected = Math.sqrt((0.01 + 0.04 + 0.09 + 0.16 + 0.25 + 0.36 + 0.09 + 0.09) / 6);
  assert.ok(values.every((value) => Math.abs(value - expected) < 1e-6));
});

Deno.test("a tensor that is missing or has another size is named", () => {
  const incomplete = bert();
  delete incomplete["encoder.layer.1.attention.self.key.bias"];
  assert.equal(
    errorText(() => withBertText(incomplete, config, options)),
    "error: the text model has no tensor `encoder.layer.1.attention.self.key.bias`; its first tensors are " +
      "`embeddings.word_embeddings.weight`, `embeddings.position_embeddings.weight`, " +
      "`embeddings.token_type_embeddings.weight`\n  --> bert.safetensors\n" +
      "fix: give the safetensors file and the config.json of the same BERT-family model (BERT, MiniLM)",
  );
  const other = {
    ...bert(),
    "embeddings.LayerNorm.bias": { shape: [5], values: new Float32Array(5) },
  };
  assert.equal(
    errorText(() => withBertText(other, config, options)).split("\n")[0],
    "error: tensor `embeddings.LayerNorm.bias` of the text model is [5]; its configuration requires [6]",
  );
});
