/** Laws of the entropy of attention, and a float64 oracle. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { attentionEntropies } from "../../../stages/objective/attention_entropy.ts";
import type { AttentionBlocks } from "../../../stages/objective/self_attention.ts";
import { blocksOf, looseBlocks, type Matrix } from "../../support/attention.ts";
import { tries } from "../../support/long_test.ts";
import { exactResult } from "../../support/rounding.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const runs = { numRuns: tries({ short: 30, long: 300 }) };
const size = fc.record({
  tokens: fc.integer({ min: 1, max: 7 }),
  regions: fc.integer({ min: 1, max: 11 }),
  sharp: fc.constantFrom(0, 0.3, 1),
});

/** The entropies of S_LL, S_VV and S_LV, in this order. */
function entropies(blocks: AttentionBlocks): tf.Tensor {
  const { tokenMask, regionMask } = blocks;
  return tf.stack([
    attentionEntropies<"token", "token">(blocks.tokenToToken, {
      rows: tokenMask,
      columns: tokenMask,
    }),
    attentionEntropies<"region", "region">(blocks.regionToRegion, {
      rows: regionMask,
      columns: regionMask,
    }),
    attentionEntropies<"token", "region">(blocks.tokenToRegion, {
      rows: tokenMask,
      columns: regionMask,
    }),
  ]);
}

/** Mean over rows of H / log n, in doubles. */
function oracle(rows: Matrix): number {
  const columns = rows[0]!.length;
  if (columns === 1) return 1;
  const each = rows.map((row) => -row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0));
  return each.reduce((sum, h) => sum + h, 0) / rows.length / Math.log(columns);
}

/** A square relation and its masks, for a single pair. */
const single = (rows: Matrix) => {
  const mask = tf.ones([1, rows.length]);
  return attentionEntropies(tf.tensor3d([rows]), {
    rows: mask,
    columns: tf.ones([1, rows[0]!.length]),
  }).dataSync()[0]!;
};

tensorTest(
  "uniform rows have entropy 1 whatever their length, one-hot rows 0, half of each between",
  () => {
    for (const n of [1, 2, 3, 10, 60]) {
      assertClose([single(Array(n).fill(Array(n).fill(1 / n)))], [1], 1e-6, `${n} columns`);
    }
    for (const n of [2, 3, 10]) {
      const one = (at: number) => Array.from({ length: n }, (_, place) => place === at ? 1 : 0);
      assert.equal(single([one(0), one(n - 1)]), 0);
    }
    assertClose([single([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]])], [0.5], 1e-6);
  },
);

tensorTest(
  "a pair's entropies are those of its rows in doubles, in any batch and with any padding",
  () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(size, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 3 }),
        (seed, sizes, extra) => {
          tf.tidy(() => {
            const pairs = sizes.map((size, place) => looseBlocks(seed + place, size));
            const expected = [
              pairs.map((pair) => oracle(pair.tokenToToken)),
              pairs.map((pair) => oracle(pair.regionToRegion)),
              pairs.map((pair) => oracle(pair.tokenToRegion)),
            ];
            assertClose(entropies(blocksOf(pairs, extra)), expected.flat(), 2e-6, "entropies");
          });
        },
      ),
      runs,
    );
  },
);

tensorTest("the order of words and regions does not matter", () => {
  fc.assert(
    fc.property(fc.nat(), size, (seed, given) => {
      tf.tidy(() => {
        const pair = looseBlocks(seed, given);
        const order = (purpose: string, count: number) =>
          randomStream(seed).fork(purpose).shuffled([...Array(count).keys()]);
        const [words, places] = [order("words", given.tokens), order("places", given.regions)];
        const at = (matrix: Matrix, rows: number[], columns: number[]) =>
          rows.map((row) => columns.map((column) => matrix[row]![column]!));
        const moved = {
          tokenToToken: at(pair.tokenToToken, words, words),
          regionToRegion: at(pair.regionToRegion, places, places),
          tokenToRegion: at(pair.tokenToRegion, words, places),
          regionToToken: at(pair.regionToToken, places, words),
        };
        assertClose(entropies(blocksOf([moved])), entropies(blocksOf([pair])), 1e-6);
      });
    }),
    runs,
  );
});

tensorTest("a pair without words says nothing: its entropies over words are 1", () => {
  const blocks = blocksOf([looseBlocks(1, { tokens: 3, regions: 5 })]);
  const [words, regions, cross] = entropies({ ...blocks, tokenMask: tf.zeros([1, 3]) }).dataSync();
  assert.deepEqual([words, cross], [1, 1]);
  assert.ok(regions! < 1);
});

Deno.test("entropies are between 0 and 1 in exact arithmetic", async () => {
  const { numbers } = await exactResult(
    () => blocksOf([1, 2, 3].map((seed) => looseBlocks(seed, { tokens: 5, regions: 7 })), 2),
    (blocks) => ({ entropies: entropies(blocks) }),
  );
  for (const value of numbers["/entropies"]!) assert.ok(value >= 0 && value <= 1 + 1e-12);
});
