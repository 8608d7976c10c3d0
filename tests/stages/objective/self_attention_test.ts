import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { alignmentLosses, alignments } from "../../../stages/objective/alignment.ts";
import { attentionBlocks } from "../../../stages/objective/self_attention.ts";
import { encodePairs } from "../../../stages/model/uniter.ts";
import type { Weights } from "../../../stages/model/weights.ts";
import {
  batchOf,
  loosePairs,
  randomTensor,
  smallConfiguration,
  smallWeights,
} from "../../support/small_model.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const config = smallConfiguration;
const heads = config.num_attention_heads;
const depth = config.hidden_size / heads;

/** Blocks of one pair of 5 words ([CLS] a b c [SEP]) and 2 regions, padded to 7 and 3. */
function example() {
  const weights = smallWeights(13);
  const hidden = randomTensor(randomStream(13), [1, 10, config.hidden_size]);
  const masks = {
    wordMask: tf.tensor2d([[1, 1, 1, 1, 1, 0, 0]]),
    regionMask: tf.tensor2d([[1, 1, 0]]),
  };
  return { weights, hidden, masks, tokens: [1, 2, 3], regions: [7, 8] };
}

tensorTest("each block has a softmax of its own over its columns, averaged over heads", () => {
  const { weights, hidden, masks, tokens, regions } = example();
  const blocks = attentionBlocks(weights, config, hidden, masks);
  const logits = plainLogits(weights, (hidden.arraySync() as number[][][])[0]!);
  const expected = (rows: number[], columns: number[]) =>
    rows.map((row) =>
      columns.map((column) => {
        const shares = logits.map((head) => {
          const total = columns.reduce((sum, other) => sum + Math.exp(head[row]![other]!), 0);
          return Math.exp(head[row]![column]!) / total;
        });
        return shares.reduce((sum, share) => sum + share) / heads;
      })
    ).flat();
  const there = (block: tf.Tensor, rows: number, columns: number) =>
    tf.slice(block, [0, 0, 0], [1, rows, columns]);
  const near = 1e-5;
  assertClose(there(blocks.tokenToToken, 3, 3), expected(tokens, tokens), near, "S_LL");
  assertClose(there(blocks.regionToRegion, 2, 2), expected(regions, regions), near, "S_VV");
  assertClose(there(blocks.tokenToRegion, 3, 2), expected(tokens, regions), near, "S_LV");
  assertClose(there(blocks.regionToToken, 2, 3), expected(regions, tokens), near, "S_VL");
});

tensorTest("[CLS], [SEP] and padding are in no block", () => {
  const { weights, hidden, masks } = example();
  const blocks = attentionBlocks(weights, config, hidden, masks);
  assert.deepEqual(blocks.tokenMask.arraySync(), [[1, 1, 1, 0, 0]]);
  assert.deepEqual(blocks.regionMask.arraySync(), [[1, 1, 0]]);
  const columns = tf.slice(blocks.tokenToToken, [0, 0, 3], [1, 5, 2]);
  assertClose(columns, new Float32Array(10), 0, "attention to [SEP] and padding");

  const outside = tf.tensor3d([0, 4, 5, 6, 9].flatMap((place) => oneHot(place, 10)), [5, 10, 1]);
  const noise = tf.mul(tf.sum(outside, 0, true), 100);
  const disturbed = attentionBlocks(weights, config, tf.add(hidden, noise), masks);
  const real = (block: tf.Tensor, rows: number) => tf.slice(block, [0, 0, 0], [1, rows, -1]);
  assertClose(real(disturbed.tokenToRegion, 3), real(blocks.tokenToRegion, 3), 0, "S_LV");
  assertClose(real(disturbed.regionToToken, 2), real(blocks.regionToToken, 2), 0, "S_VL");
});

tensorTest("alignment losses of a pair do not depend on the batch that it is padded in", () => {
  const weights = smallWeights(2);
  const pairs = loosePairs(2, [{ words: 11, regions: 2 }, { words: 3, regions: 7 }, {
    words: 6,
    regions: 5,
  }]);
  for (const alignment of Object.values(alignments)) {
    for (const modality of ["text", "image"] as const) {
      const losses = (given: typeof pairs, extra: number) => {
        const batch = batchOf(weights, given, { extra, filling: 9 });
        const { entering } = encodePairs(weights, config, batch, { keep: "cls" });
        const blocks = attentionBlocks(weights, config, entering.at(-1)!, batch);
        return Array.from(alignmentLosses(blocks, alignment, modality).dataSync());
      };
      assertClose(losses(pairs, 2), pairs.flatMap((pair) => losses([pair], 0)), 1e-5, "losses");
    }
  }
});

tensorTest("with heads as pairs, the mean over a pair's heads is the pair's block", () => {
  const weights = smallWeights(3);
  const batch = batchOf(
    weights,
    loosePairs(3, [{ words: 6, regions: 2 }, { words: 4, regions: 5 }]),
  );
  const hidden = encodePairs(weights, config, batch, { keep: "cls" }).entering;
  for (const [layer, entering] of hidden.entries()) {
    const mean = attentionBlocks(weights, config, entering, batch, { layer });
    const each = attentionBlocks(weights, config, entering, batch, { layer, heads: "each" });
    const apart = (x: tf.Tensor) => tf.reshape(x, [2, heads, ...x.shape.slice(1)]);
    for (const name of Object.keys(mean) as (keyof typeof mean)[]) {
      assertClose(tf.mean(apart(each[name]), 1), mean[name], 1e-6, name);
    }
    const masks = each.tokenMask.arraySync() as number[][];
    assert.deepEqual(masks, [0, 0, 1, 1].map((pair) => pair === 0 ? [1, 1, 1, 1] : [1, 1, 0, 0]));
  }
});

tensorTest("a layer's blocks are those of its own attention", () => {
  const { weights, hidden, masks, tokens } = example();
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const logits = plainLogits(weights, (hidden.arraySync() as number[][][])[0]!, layer);
    const expected = logits.map((head) => {
      const shares = tokens.map((column) => Math.exp(head[tokens[0]!]![column]!));
      return shares[1]! / shares.reduce((sum, share) => sum + share);
    });
    const blocks = attentionBlocks(weights, config, hidden, masks, { layer, heads: "each" });
    assertClose(tf.slice(blocks.tokenToToken, [0, 0, 1], [-1, 1, 1]), expected, 1e-5);
  }
});

/** q k^T / sqrt(depth) of a layer in plain loops: [head][row][column]. */
function plainLogits(
  weights: Weights,
  hidden: number[][],
  layer = config.num_hidden_layers - 1,
): number[][][] {
  const projected = (name: string) => {
    const prefix = `uniter.encoder.layer.${layer}.attention.self.${name}`;
    const matrix = weights[`${prefix}.weight`]!.arraySync() as number[][];
    const bias = weights[`${prefix}.bias`]!.arraySync() as number[];
    return hidden.map((place) =>
      matrix.map((row, out) => row.reduce((sum, w, i) => sum + w * place[i]!, bias[out]!))
    );
  };
  const [queries, keys] = [projected("query"), projected("key")];
  return Array.from({ length: heads }, (_, head) =>
    queries.map((query) =>
      keys.map((key) => {
        let dot = 0;
        for (let i = head * depth; i < (head + 1) * depth; i++) dot += query[i]! * key[i]!;
        return dot / Math.sqrt(depth);
      })
    ));
}

function oneHot(place: number, length: number): number[] {
  return Array.from({ length }, (_, at) => at === place ? 1 : 0);
}
