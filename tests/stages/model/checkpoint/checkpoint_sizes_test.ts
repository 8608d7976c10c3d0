import assert from "node:assert/strict";
import { Complaint } from "../../../../pipeline/contract/complaint.ts";
import { readCheckpoint } from "../../../../stages/model/checkpoint/checkpoint.ts";
import {
  checkFits,
  configurationFrom,
} from "../../../../stages/model/checkpoint/checkpoint_sizes.ts";
import type { Configuration } from "../../../../stages/model/configuration.ts";
import type { HostWeights } from "../../../../stages/model/weights.ts";
import { initialWeights } from "../../../../stages/model/initial_weights.ts";
import { parameterTable } from "../../../../stages/model/parameters.ts";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { goldenConfiguration, goldenFile } from "../../../support/goldens.ts";

const file = "some/model.pt";

/** A different prime per size, except hidden, which must be a multiple of 64. */
const sizes: Configuration = {
  hidden_size: 128,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  intermediate_size: 11,
  vocab_size: 17,
  max_position_embeddings: 13,
  type_vocab_size: 2,
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  initializer_range: 0.02,
  hidden_act: "gelu",
  img_dim: 19,
};
const weights = initialWeights(sizes, randomStream(1));

/** `weights` with tensors replaced by zeros of other shapes, or left out. */
function changed(changes: Record<string, number[] | undefined>): HostWeights {
  const result: Record<string, HostWeights[string]> = { ...weights };
  for (const [name, shape] of Object.entries(changes)) {
    if (shape === undefined) delete result[name];
    else result[name] = { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
  }
  return result;
}

function complaintOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Complaint, String(error));
    return String(error);
  }
  return "no complaint";
}

Deno.test("configurationFrom() finds the sizes that the weights were created with", () => {
  assert.deepEqual(configurationFrom(weights, { file }), sizes);
});

Deno.test("configurationFrom() of the release's model is its config.json, if the heads are given", async () => {
  const release = await readCheckpoint(goldenFile("model.pt"));
  const config = goldenConfiguration();
  const heads = config.num_attention_heads;
  assert.deepEqual(configurationFrom(release, { file, heads, dropout: 0 }), config);
});

Deno.test("configurationFrom() requires the number of heads if they cannot have 64 units each", () => {
  const narrow = initialWeights({ ...sizes, hidden_size: 48 }, randomStream(1));
  assert.equal(
    complaintOf(() => configurationFrom(narrow, { file })),
    "error: the checkpoint does not fit: its number of attention heads is not known: " +
      "48 hidden units are not a multiple of 64\n" +
      "  --> some/model.pt\n" +
      "fix: give the config.json that came with it (`config`), or the number of heads (`heads`)",
  );
  assert.match(complaintOf(() => configurationFrom(narrow, { file, heads: 5 })), /48 .* 5 heads/);
});

Deno.test("checkFits() accepts a model with an image-text head, a rank head, or both", () => {
  const rank = { "rank_output.weight": [1, 128], "rank_output.bias": [1] };
  const noMatch = { "itm_output.weight": undefined, "itm_output.bias": undefined };
  checkFits(weights, sizes, file);
  checkFits(changed(rank), sizes, file);
  checkFits(changed({ ...rank, ...noMatch }), sizes, file);
  assert.match(
    complaintOf(() => checkFits(changed(noMatch), sizes, file)),
    /`itm_output.weight` is missing/,
  );
});

Deno.test("checkFits() does not require the heads of pretraining", () => {
  const without = Object.keys(weights).filter((name) => name.startsWith("cls."));
  assert.ok(without.length > 0);
  checkFits(changed(Object.fromEntries(without.map((name) => [name, undefined]))), sizes, file);
});

Deno.test("checkFits() finds every missing tensor of UNITER and every wrong shape", () => {
  for (const { name, shape } of parameterTable(sizes)) {
    if (!name.startsWith("uniter.")) continue;
    const without = complaintOf(() => checkFits(changed({ [name]: undefined }), sizes, file));
    assert.ok(without.includes(`\`${name}\` is missing`), without);
    const longer = [shape[0]! + 1, ...shape.slice(1)];
    const other = complaintOf(() => checkFits(changed({ [name]: longer }), sizes, file));
    const text = `\`${name}\` is [${longer.join(", ")}]; the configuration requires [${
      shape.join(", ")
    }]`;
    assert.ok(other.includes(text), other);
    assert.ok(other.includes("--> some/model.pt"), other);
  }
});

Deno.test("checkFits() says how to fix a wrong width of image features", () => {
  assert.equal(
    complaintOf(() => checkFits(weights, { ...sizes, img_dim: 23 }, file)),
    "error: the checkpoint does not fit: tensor `uniter.img_embeddings.img_linear.weight` is " +
      "[128, 19]; the configuration requires [128, 23], and 1 more tensor does not fit\n" +
      "  --> some/model.pt\n" +
      "fix: use image features of the 19 numbers that it was trained with (published: 2048), " +
      "and a configuration that agrees",
  );
});

Deno.test("checkFits() says that a checkpoint has another size, and which", () => {
  const base = { ...sizes, hidden_size: 768, num_hidden_layers: 12, num_attention_heads: 12 };
  const large = { ...sizes, hidden_size: 1024, num_hidden_layers: 24, num_attention_heads: 16 };
  const shapes = parameterTable(base).map(({ name, shape }) =>
    [name, { shape, values: new Float32Array() }] as const
  );
  assert.equal(
    complaintOf(() => checkFits(Object.fromEntries(shapes), large, file)),
    "error: the checkpoint does not fit: it has 12 layers; the configuration says 24\n" +
      "  --> some/model.pt\n" +
      "fix: use the config.json of this checkpoint (uniter-base.json): it has 12 layers of 768 units",
  );
});

Deno.test("checkFits() distinguishes another vocabulary from another model", () => {
  const text = complaintOf(() => checkFits(weights, { ...sizes, vocab_size: 30 }, file));
  assert.match(
    text,
    /fix: use a configuration with vocab_size 17, and captions tokenised with that vocabulary/,
  );
});

Deno.test("configurationFrom() says what a checkpoint of another model contains", () => {
  const tensor = { shape: [2, 3], values: new Float32Array(6) };
  assert.match(
    complaintOf(() =>
      configurationFrom({ "bert.embeddings.word_embeddings.weight": tensor }, { file })
    ),
    /no tensors of UNITER, but `bert.embeddings.word_embeddings.weight`/,
  );
});

Deno.test("configurationFrom() refuses tensors that no model can have", () => {
  const word = "uniter.embeddings.word_embeddings.weight";
  const query = "uniter.encoder.layer.999999999.attention.self.query.weight";
  const odd: Record<string, number[]>[] = [
    { [word]: [] },
    { [word]: [17] },
    { [word]: [17, 0] },
    { [word]: [0, 128] },
    { [word]: [17, 128, 1] },
    { [query]: [128, 128] },
    { "uniter.embeddings.token_type_embeddings.weight": [1, 128] },
    { "uniter.encoder.layer.1.output.dense.bias": [128, 1] },
  ];
  for (const change of odd) {
    const text = complaintOf(() => configurationFrom(changed(change), { file }));
    assert.match(text, /error: the checkpoint does not fit/, JSON.stringify(change));
  }
});

Deno.test("checkFits() refuses a weight that is not a finite number, and names its tensor", () => {
  const weights = initialWeights(sizes, randomStream(1));
  const name = "uniter.encoder.layer.0.output.dense.bias";
  for (const wild of [NaN, Infinity, -Infinity]) {
    const values = Float32Array.from(weights[name]!.values).fill(wild, 1, 2);
    const broken = { ...weights, [name]: { ...weights[name]!, values } };
    const text = complaintOf(() => checkFits(broken, sizes, "some/model.pt"));
    assert.match(text, new RegExp(`tensor \`${name}\` contains ${wild}\\n`));
  }
});
