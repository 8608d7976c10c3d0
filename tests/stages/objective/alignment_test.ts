/** Laws of the alignment family for any row-stochastic attention, one-hot rows included. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  type Alignment,
  alignmentLosses,
  alignments,
  congruence,
  member,
  type Modality,
  roundtrip,
  transport,
} from "../../../stages/objective/alignment.ts";
import { project } from "../../../stages/objective/projection.ts";
import type { AttentionBlocks } from "../../../stages/objective/self_attention.ts";
import { blocksOf, type LooseBlocks, looseBlocks, type Matrix } from "../../support/attention.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";
import { tries } from "../../support/long_test.ts";

const members = Object.entries<Alignment>({
  ...alignments,
  congruence,
  "singular, divided by sums": member("argmax", "transport", "sum"),
  "softmax, transported, divided by sums": member("softmax", "transport", "sum"),
  "sparsemax, transported, divided by sums": member("sparsemax", "transport", "sum"),
  "topk, transported": member({ topk: 2 }, "transport"),
  "topk, there and back": member({ topk: 2 }, "roundtrip"),
  "sparsemax, transported": member("sparsemax", "transport"),
  "sparsemax, there and back": member("sparsemax", "roundtrip"),
  "entmax15, transported": member("entmax15", "transport"),
  "entmax15, there and back": member("entmax15", "roundtrip"),
  "softmax, there and back, without eps": { ...alignments.distributed, eps: 0 },
});
const runs = { numRuns: tries({ short: 15, long: 100 }) };
const blockNames = ["tokenToToken", "regionToRegion", "tokenToRegion", "regionToToken"] as const;
const modalities: Modality[] = ["text", "image"];
const size = fc.record({
  tokens: fc.integer({ min: 1, max: 7 }),
  regions: fc.integer({ min: 1, max: 11 }),
  sharp: fc.constantFrom(0, 0.3, 1),
});
const problems = fc.record({
  seed: fc.nat(),
  sizes: fc.array(size, { minLength: 1, maxLength: 3 }),
});

const pairsOf = (
  { seed, sizes }: { seed: number; sizes: readonly Parameters<typeof looseBlocks>[1][] },
) => sizes.map((size, place) => looseBlocks(seed + place, size));

for (const [name, alignment] of members) {
  for (const modality of modalities) {
    const losses = (blocks: AttentionBlocks) => alignmentLosses(blocks, alignment, modality);

    tensorTest(
      `${name}, ${modality}: a pair's loss does not depend on its batch or padding`,
      () => {
        fc.assert(
          fc.property(problems, fc.integer({ min: 0, max: 3 }), (problem, extra) => {
            tf.tidy(() => {
              const pairs = pairsOf(problem);
              const alone = pairs.map((pair) => losses(blocksOf([pair])).dataSync()[0]!);
              assertClose(losses(blocksOf(pairs, extra)), alone, 1e-5, "losses");
            });
          }),
          runs,
        );
      },
    );

    tensorTest(`${name}, ${modality}: losses and gradients are finite, losses not negative`, () => {
      fc.assert(
        fc.property(problems, (problem) => {
          tf.tidy(() => {
            const blocks = blocksOf(pairsOf(problem), 1);
            const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => {
              const replaced = Object.fromEntries(blockNames.map((name, i) => [name, given[i]!]));
              const unused = tf.addN(given.map((matrix) => tf.mul(tf.sum(matrix), 0)));
              return tf.add(tf.min(losses({ ...blocks, ...replaced })), unused);
            })(blockNames.map((name) => blocks[name]));
            const smallest = value.dataSync()[0]!;
            assert.ok(Number.isFinite(smallest) && smallest >= -1e-4, `loss ${smallest}`);
            for (const gradient of grads) {
              assert.ok(gradient.dataSync().every(Number.isFinite), "a gradient is not finite");
            }
          });
        }),
        runs,
      );
    });

    tensorTest(`${name}, ${modality}: the order of regions and of words does not matter`, () => {
      fc.assert(
        fc.property(fc.nat(), size, (seed, given) => {
          tf.tidy(() => {
            const pair = looseBlocks(seed, { ...given, sharp: 0 }); // one maximum in each row
            const words = randomStream(seed).fork("words").shuffled([
              ...Array(given.tokens).keys(),
            ]);
            const places = randomStream(seed).fork("places").shuffled([
              ...Array(given.regions).keys(),
            ]);
            const moved = reordered(pair, words, places);
            assertClose(losses(blocksOf([moved])), losses(blocksOf([pair])), 1e-5, "losses");
          });
        }),
        runs,
      );
    });

    tensorTest(`${name}, ${modality}: 0 if the two relations are the same`, () => {
      fc.assert(
        fc.property(fc.nat(), size, (seed, given) => {
          tf.tidy(() => {
            const blocks = blocksOf([looseBlocks(seed, given)]);
            const own = modality === "text" ? "tokenToToken" : "regionToRegion";
            const same = { ...blocks, [own]: carried(blocks, alignment, modality) };
            // eps within the logarithms moves each of both divergences by at most columns * eps
            assertClose(losses(same), [0], 2 * 11 * alignment.eps + 1e-5, "losses");
          });
        }),
        runs,
      );
    });

    tensorTest(`${name}, ${modality}: a pair without words or regions has loss 0`, () => {
      const blocks = blocksOf([looseBlocks(1, { tokens: 3, regions: 5 })]);
      const [tokenMask, regionMask] = [tf.zeros([1, 3]), tf.zeros([1, 5])];
      for (const lacking of [{ tokenMask }, { regionMask }, { tokenMask, regionMask }]) {
        assert.equal(losses({ ...blocks, ...lacking }).dataSync()[0], 0);
      }
    });
  }
}

tensorTest("argmax under transport reads the other relation at (a(i), a(j))", () => {
  fc.assert(
    fc.property(fc.nat(), size, (seed, given) => {
      tf.tidy(() => {
        const pair = looseBlocks(seed, given);
        const blocks = blocksOf([pair]);
        const map = project<"token", "region">("argmax", blocks.tokenToRegion);
        const best = pair.tokenToRegion.map((row) => row.indexOf(Math.max(...row)));
        const expected = best.map((i) => best.map((j) => pair.regionToRegion[i]![j]!));
        assertClose(
          transport<"token", "region">(map, blocks.regionToRegion),
          expected.flat(),
          1e-6,
        );
      });
    }),
    runs,
  );
});

tensorTest("argmax takes the lowest index of equal ones and passes no gradient", () => {
  const attention = tf.tensor3d([[[0.2, 0.4, 0.4], [0.3, 0.3, 0.3]]]);
  const map = project<"token", "region">("argmax", attention);
  assert.deepEqual(map.arraySync(), [[[0, 1, 0], [1, 0, 0]]]);
  const pick = (x: tf.Tensor) => project<"token", "region">("argmax", x);
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.square(pick(x))))(attention);
  assertClose(gradient, new Float32Array(6), 0);
});

tensorTest("topk equals singular at k = 1 and distributed at k = all", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      tf.tidy(() => {
        const blocks = blocksOf(pairsOf(problem), 1);
        const most = Math.max(blocks.tokenMask.shape[1]!, blocks.regionMask.shape[1]!);
        for (const modality of modalities) {
          const losses = (alignment: Alignment) =>
            alignmentLosses(blocks, alignment, modality).dataSync();
          const [singular, distributed] = [alignments.singular, alignments.distributed].map(losses);
          assert.deepEqual(losses(member({ topk: 1 }, "transport")), singular);
          assert.deepEqual(losses(member({ topk: most }, "roundtrip")), distributed);
          assert.deepEqual(losses(member("softmax", "roundtrip")), distributed);
        }
      });
    }),
    runs,
  );
});

tensorTest(
  "rows divided by their sum: a relation moved by a bijection is itself, an empty row uniform",
  () => {
    const own = { tokenToToken: [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]] };
    const one = [[0, 1, 0], [0, 0, 1], [1, 0, 0]];
    const loss = (regionToRegion: Matrix, tokenToRegion: Matrix, alignment: Alignment) => {
      const regionToToken = regionToRegion.map(() => [0.2, 0.3, 0.5]);
      const blocks = blocksOf([{ ...own, regionToRegion, tokenToRegion, regionToToken }]);
      return alignmentLosses(blocks, alignment, "text").dataSync()[0]!;
    };
    // Region 1 is word 0, region 2 word 1, region 0 word 2: the regions relate as the words do.
    const moved = [[0.6, 0.2, 0.2], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]];
    const bySum = member("argmax", "transport", "sum");
    // eps of 1e-6 in both logarithms of each of three columns
    assertClose(tf.scalar(loss(moved, one, bySum)), [0], 6e-6 + 1e-6, "by their sum");
    assert.ok(loss(moved, one, alignments.singular) > 0.05, "a softmax flattens the same relation");
    // Every word is mapped to region 0, which attends to region 1 alone.
    const all = [[1, 0, 0], [1, 0, 0], [1, 0, 0]];
    const away = [[0, 1, 0], [0, 1, 0], [0, 1, 0]];
    const third = 1 / 3;
    const uniform = own.tokenToToken.flat()
      .reduce((sum, q) => sum + (q - third) * (Math.log(q) - Math.log(third)), 0) / 3;
    assertClose(tf.scalar(loss(away, all, bySum)), [uniform], 2e-5, "a row without mass");
  },
);

/** The sum of a member's losses, and its gradients by block. */
function lossAndGradients(blocks: AttentionBlocks, alignment: Alignment, modality: Modality) {
  const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => {
    const replaced = Object.fromEntries(blockNames.map((name, i) => [name, given[i]!]));
    const unused = tf.addN(given.map((matrix) => tf.mul(tf.sum(matrix), 0)));
    return tf.add(tf.sum(alignmentLosses({ ...blocks, ...replaced }, alignment, modality)), unused);
  })(blockNames.map((name) => blocks[name]));
  return {
    value: value.dataSync()[0]!,
    gradients: Object.fromEntries(blockNames.map((name, i) => [name, grads[i]!.dataSync()])),
  };
}

tensorTest(
  "a stopped gradient changes no value, is 0 where it is stopped, and as before elsewhere",
  () => {
    const within = ["tokenToToken", "regionToRegion"];
    const between = ["tokenToRegion", "regionToToken"];
    fc.assert(
      fc.property(fc.nat(), size, (seed, given) => {
        const blocks = blocksOf([looseBlocks(seed, { ...given, sharp: 0 })], 1);
        for (const [, base] of members) {
          for (const modality of modalities) {
            const free = lossAndGradients(blocks, { ...base, stopGradient: "none" }, modality);
            const own = modality === "text" ? "tokenToToken" : "regionToRegion";
            const stops = {
              cross: between,
              relation: within,
              other: blockNames.filter((name) => name !== own),
            } as const;
            for (const stopGradient of ["cross", "relation", "other"] as const) {
              const { value, gradients } = lossAndGradients(
                blocks,
                { ...base, stopGradient },
                modality,
              );
              assert.equal(value, free.value);
              for (const name of blockNames) {
                const expected = stops[stopGradient].includes(name)
                  ? free.gradients[name]!.map(() => 0)
                  : free.gradients[name]!;
                assertClose(gradients[name]!, expected, 0, `${stopGradient}: ${name}`);
              }
            }
          }
        }
      }),
      { numRuns: tries({ short: 3, long: 30 }) },
    );
  },
);

/** The other modality's relation as the loss sees it: row-stochastic over one pair without padding. */
function carried(blocks: AttentionBlocks, alignment: Alignment, modality: Modality): tf.Tensor {
  const [there, back, other]: [tf.Tensor, tf.Tensor, tf.Tensor] = modality === "text"
    ? [blocks.tokenToRegion, blocks.regionToToken, blocks.regionToRegion]
    : [blocks.regionToToken, blocks.tokenToRegion, blocks.tokenToToken];
  const map = project<"from", "to">(alignment.projection, there);
  const relation = alignment.relation === "transport"
    ? transport<"from", "to">(map, other)
    : roundtrip<"from", "to">(map, project<"to", "from">(alignment.projection, back));
  if (alignment.normaliseOwn) return relation;
  if (alignment.normalise === "softmax") return tf.softmax(relation);
  if (alignment.normalise === "none") return relation;
  const entries = tf.add(relation, 1e-9); // a row without mass is uniform
  return tf.div(entries, tf.sum(entries, 2, true));
}

function reordered(pair: LooseBlocks, words: number[], places: number[]): LooseBlocks {
  const at = (matrix: Matrix, rows: number[], columns: number[]) =>
    rows.map((row) => columns.map((column) => matrix[row]![column]!));
  return {
    tokenToToken: at(pair.tokenToToken, words, words),
    regionToRegion: at(pair.regionToRegion, places, places),
    tokenToRegion: at(pair.tokenToRegion, words, places),
    regionToToken: at(pair.regionToToken, places, words),
  };
}
