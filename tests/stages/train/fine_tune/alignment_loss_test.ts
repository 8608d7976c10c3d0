/** The contrast of the alignment loss, and the entropy that is reported beside it. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { initialWeights, withRankHead } from "../../../../stages/model/initial_weights.ts";
import { rankingParts, trainedNames } from "../../../../stages/model/parameters.ts";
import { weightsOnDevice } from "../../../../stages/model/weights.ts";
import { type Alignment, alignments, member } from "../../../../stages/objective/alignment.ts";
import { publishedScope } from "../../../../stages/objective/alignment_scope.ts";
import { alignmentTerms } from "../../../../stages/train/fine_tune/alignment_loss.ts";
import { type RankingBatch, scoreBatch } from "../../../../stages/train/fine_tune/ranking_batch.ts";
import { config, random, tables } from "../../../support/routes.ts";
import { assertClose, tensorTest } from "../../../support/tensor_test.ts";

/** One problem of each direction: the positive and two negatives, in this order. */
function batchOf(order: readonly number[]): RankingBatch {
  const [texts, images] = [[4, 2, 6], [1, 4, 3]];
  const row = (values: number[]) =>
    tf.tensor2d([order.map((at) => values[at]!)], undefined, "int32");
  return {
    imageAnchors: tf.tensor1d([3], "int32"),
    textCandidates: row(texts),
    textAnchors: tf.tensor1d([6], "int32"),
    imageCandidates: row(images),
  };
}

/** @param uniform whether all attention is uniform: queries are 0 */
function termsOf(
  order: readonly number[],
  { uniform = false, ...options }: {
    readonly uniform?: boolean;
    readonly alignment: Alignment;
    readonly modality: "text" | "image" | "both";
    readonly layers?: "last" | "all";
    readonly contrast?: number;
  },
) {
  const stored = withRankHead(initialWeights(config, random));
  for (const [name, { values }] of Object.entries(stored)) {
    if (uniform && name.includes("attention.self.query")) values.fill(0);
  }
  const weights = weightsOnDevice(stored, trainedNames(config, rankingParts));
  const scored = scoreBatch(weights, config, tables(), batchOf(order));
  const { alignment, modality, layers = "last", contrast } = options;
  const scope = { ...publishedScope, modality, layers };
  const { loss, entropy } = alignmentTerms(weights, config, scored, { alignment, scope, contrast });
  return { loss: loss.dataSync()[0]!, entropy: entropy.dataSync()[0]! };
}

const cases = {
  ...alignments,
  "singular, by sums": member("argmax", "transport", "sum"),
};

for (const [name, alignment] of Object.entries<Alignment>(cases)) {
  for (const modality of ["text", "image"] as const) {
    tensorTest(
      `${name}, ${modality}: the contrast is with the anchor and its first negative`,
      () => {
        const own = termsOf([0, 1, 2], { alignment, modality });
        // With the first negative in the positive's place, the plain loss is the distance of the two.
        const other = termsOf([1, 0, 2], { alignment, modality });
        for (const contrast of [0.01, 3]) {
          const made = termsOf([0, 1, 2], { alignment, modality, contrast });
          const expected = Math.max(0, contrast + own.loss - other.loss);
          assertClose([made.loss], [expected], 1e-5, `margin ${contrast}`);
          assert.equal(made.entropy, own.entropy);
        }
      },
    );
  }
}

tensorTest(
  "uniform attention has entropy 1; it minimises the plain loss, but not the contrast",
  () => {
    for (const alignment of Object.values<Alignment>(cases)) {
      for (const layers of ["last", "all"] as const) {
        const setting = { alignment, modality: "both", layers, uniform: true } as const;
        const plain = termsOf([0, 1, 2], setting);
        assertClose([plain.entropy], [1], 1e-6);
        // eps within the logarithms: 1e-6 per column and divergence, over fewer than 20 columns.
        assertClose([plain.loss], [0], 1e-4);
        assertClose([termsOf([0, 1, 2], { ...setting, contrast: 0.5 }).loss], [1], 2e-4);
      }
    }
  },
);

tensorTest("the entropy is the mean over modalities and layers", () => {
  const alignment = alignments.singular;
  const entropy = (modality: "text" | "image" | "both", layers: "last" | "all") =>
    termsOf([0, 1, 2], { alignment, modality, layers }).entropy;
  for (const layers of ["last", "all"] as const) {
    assertClose(
      [entropy("both", layers)],
      [(entropy("text", layers) + entropy("image", layers)) / 2],
      1e-6,
    );
  }
  assert.ok(entropy("both", "last") < 1 && entropy("both", "last") !== entropy("both", "all"));
});
