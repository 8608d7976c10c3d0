/** Attention within a pair, its alignment losses and their gradients, against the release. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { alignmentLosses, alignments, type Modality } from "../../stages/objective/alignment.ts";
import { weightsOnDevice } from "../../stages/model/weights.ts";
import { pairTables } from "../../stages/batch/row_tables.ts";
import { batchOfProblems, goldenSplit } from "../support/golden_data.ts";
import { positiveBlocks } from "../support/golden_ranking.ts";
import { goldenCheckpoint, goldenConfiguration, goldenJson } from "../support/goldens.ts";
import { assertClose, tensorTest } from "../support/tensor_test.ts";

const matrices = ["S_LL", "S_VV", "S_LV", "S_VL"] as const;
const cases = Object.keys(alignments).flatMap((name) =>
  (["text", "image"] as const).map((modality) => ({
    name: name as keyof typeof alignments,
    modality: modality as Modality,
    label: `${modality === "text" ? "L" : "V"}-${name}`,
  }))
);

const config = goldenConfiguration();
using split = await goldenSplit("train");
const tables = pairTables(split.set, split.index);
const checkpoint = await goldenCheckpoint();

for (const example of goldenJson("expected.json").attention_examples) {
  tensorTest(`the last layer's attention for ${example.txt_id} equals the release's`, () => {
    const { txt_id, img_id } = example;
    const problem = { txt_id, img_id, neg_ids: [] };
    const blocks = positiveBlocks(weightsOnDevice(checkpoint), {
      config,
      tables,
      drawn: batchOfProblems(split, { imageAnchored: problem, textAnchored: problem }),
    });
    const ours = {
      S_LL: blocks.tokenToToken,
      S_VV: blocks.regionToRegion,
      S_LV: blocks.tokenToRegion,
      S_VL: blocks.regionToToken,
    };
    for (const matrix of matrices) {
      const wanted: number[][] = example[matrix];
      // Padded columns are 0; padded rows may have any values.
      const rows = tf.slice(ours[matrix], [0, 0, 0], [1, wanted.length, -1]);
      const cut = tf.slice(rows, [0, 0, 0], [1, wanted.length, wanted[0]!.length]);
      assertClose(cut, wanted.flat(), 1e-5, matrix);
      assertClose(tf.sum(rows), tf.sum(cut), 1e-5, `columns outside of ${matrix}`);
    }
  });

  const inputs = () => matrices.map((matrix) => tf.tensor3d([example[matrix]]));
  const [tokens, regions] = [example.S_LL.length, example.S_VV.length];

  for (const { name, modality, label } of cases) {
    const loss = (...[ll, vv, lv, vl]: tf.Tensor[]) =>
      tf.sum(
        alignmentLosses(
          {
            tokenToToken: ll!,
            regionToRegion: vv!,
            tokenToRegion: lv!,
            regionToToken: vl!,
            tokenMask: tf.ones([1, tokens]),
            regionMask: tf.ones([1, regions]),
          },
          alignments[name],
          modality,
        ),
      );

    tensorTest(`${label} of ${example.txt_id} equals the release's`, () => {
      assertClose(loss(...inputs()), [example.loss[label]], 1e-5, label);
    });

    tensorTest(`gradients of ${label} of ${example.txt_id} equal the release's`, () => {
      const wanted = example.matrix_grads[label];
      // tfjs refuses gradients of unused inputs; adding 0 times them changes nothing.
      const all = (...given: tf.Tensor[]) =>
        tf.addN([loss(...given), ...given.map((matrix) => tf.mul(tf.sum(matrix), 0))]);
      const gradients = tf.grads(all)(inputs());
      for (const [place, matrix] of matrices.entries()) {
        const gradient = gradients[place]!;
        const expected = wanted[matrix]?.flat() ?? new Float32Array(gradient.size);
        assertClose(gradient, expected, 1e-5, `d ${label} / d ${matrix}`);
      }
      assert.ok(matrices.some((matrix) => wanted[matrix] !== null));
    });
  }
}
