import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { parseConfiguration } from "../../../stages/model/configuration.ts";
import { withBertText } from "../../../stages/model/checkpoint/bert_weights.ts";
import { readCheckpoint } from "../../../stages/model/checkpoint/checkpoint.ts";
import { miniLm, miniLmSizes } from "../../../stages/model/checkpoint/pretrained_packages.ts";
import { sentenceEmbeddings } from "../../../stages/score/sentence_embeddings.ts";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { testCompute } from "../../support/compute.ts";
import { fetchedPackage } from "../../support/fetched_package.ts";
import { smallFeatures } from "../../support/small_features.ts";
import { smallConfiguration } from "../../support/small_model.ts";

const folder = await fetchedPackage(miniLm);

/** Mean of the last hidden states, first six numbers and length; PyTorch 2.15, from the same weights. */
const golden = [
  {
    text: "two dogs are fighting over a red ball .",
    tokens: [2048, 6077, 2024, 3554, 2058, 1037, 2417, 3608, 1012],
    first: [0.193162, 0.0794, -0.021365, 0.257022, -0.147309, 0.311877],
    norm: 5.833267,
  },
  {
    text: "a child .",
    tokens: [1037, 2775, 1012],
    first: [-0.157151, 0.359681, -0.262551, 0.09894, -0.084338, 0.007045],
    norm: 5.340421,
  },
  {
    text: "a man in a blue shirt climbs a rock wall while another man watches from below and waves",
    // deno-fmt-ignore
    tokens: [1037, 2158, 1999, 1037, 2630, 3797, 18881, 1037, 2600, 2813, 2096, 2178, 2158, 12197, 2013,
      2917, 1998, 5975],
    first: [-0.226307, -0.304931, 0.014494, 0.015233, 0.082789, -0.258894],
    norm: 4.45485,
  },
];

Deno.test({
  name: "MiniLM's sentence embeddings agree with PyTorch's, whatever a text stands beside",
  ignore: folder === undefined,
  async fn() {
    const file = `${folder}/config.json`;
    const config = parseConfiguration(await Deno.readTextFile(file), { file, imgDim: 8 });
    const { hidden, layers, heads, positions } = miniLmSizes;
    assert.deepEqual(
      [hidden, layers, heads, positions],
      [
        config.hidden_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.max_position_embeddings,
      ],
    );
    const bert = await readCheckpoint(`${folder}/model.safetensors`);
    const weights = withBertText(bert, config, { file, random: randomStream(1) });
    const compute = await testCompute();
    const alive = tf.memory().numTensors;
    const set = {
      ...smallFeatures({ featureDim: 8, vocabulary: config.vocab_size }),
      vocabulary: { size: config.vocab_size, pad: 0, unk: 100, cls: 101, sep: 102, mask: 103 },
      captions: golden.map(({ text, tokens }, place) => ({
        id: `${place}`,
        image: 0,
        split: "train",
        text,
        tokens,
      })),
    };
    const embed = (captions: number[]) =>
      sentenceEmbeddings(compute, { config, weights }, { captions }, { set, xla: true });
    const vectors = await embed([2, 0, 1]);
    for (const [place, caption] of [2, 0, 1].entries()) {
      const { first, norm } = golden[caption]!;
      const vector = vectors[place]!;
      first.forEach((value, i) =>
        assert.ok(Math.abs(vector[i]! - value) < 1e-5, `${caption} ${i}`)
      );
      assert.ok(Math.abs(Math.hypot(...vector) - norm) < 1e-4);
    }
    const [alone] = await embed([1]);
    assert.ok(alone!.every((value, i) => Math.abs(value - vectors[2]![i]!) < 1e-6));
    assert.equal(tf.memory().numTensors, alive);
  },
});

Deno.test("captions with more words than the text model knows are refused", async () => {
  const compute = await testCompute();
  const set = smallFeatures({ featureDim: 8, vocabulary: smallConfiguration.vocab_size + 1 });
  await assert.rejects(
    sentenceEmbeddings(
      compute,
      { config: smallConfiguration, weights: {} },
      { captions: [0] },
      { set, xla: false },
    ),
    /the captions use \d+ words; the model knows \d+/,
  );
});
