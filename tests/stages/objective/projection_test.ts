/** Laws of the projections for any row-stochastic attention, and their exact gradients. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { entmax15 } from "../../../stages/objective/entmax.ts";
import { project, type Projection } from "../../../stages/objective/projection.ts";
import { sparsemax } from "../../../stages/objective/sparsemax.ts";
import { blocksOf, looseBlocks, type Matrix } from "../../support/attention.ts";
import { assertClose, tensorTest } from "../../support/tensor_test.ts";

const size = fc.record({
  tokens: fc.integer({ min: 1, max: 5 }),
  regions: fc.integer({ min: 1, max: 13 }),
  sharp: fc.constantFrom(0, 0.4, 1),
});
const projections: Readonly<Record<string, Projection>> = {
  argmax: "argmax",
  "topk of 1": { topk: 1 },
  "topk of 3": { topk: 3 },
  sparsemax: "sparsemax",
  entmax15: "entmax15",
  softmax: "softmax",
};

/** The map of the words of one pair, padded by `extra` regions. */
function mapped(projection: Projection, attention: tf.Tensor): Matrix {
  const map = project<"token", "region">(projection, attention);
  return (map.arraySync() as number[][][])[0]!;
}

function forEveryAttention(
  law: (attention: tf.Tensor, plain: Matrix) => void,
): void {
  fc.assert(fc.property(fc.nat(), size, fc.integer({ min: 0, max: 2 }), (seed, given, extra) => {
    tf.tidy(() => {
      const pair = looseBlocks(seed, given);
      const padded = blocksOf([pair], extra).tokenToRegion;
      law(tf.slice(padded, [0, 0, 0], [1, given.tokens, -1]), pair.tokenToRegion);
    });
  }));
}

for (const [name, projection] of Object.entries(projections)) {
  tensorTest(`${name}: rows are shares that sum to 1, and padding gets exactly 0`, () => {
    forEveryAttention((attention, plain) => {
      for (const row of mapped(projection, attention)) {
        const real = row.slice(0, plain[0]!.length);
        assert.ok(real.every((share) => share >= 0), `a negative share in ${real}`);
        assert.ok(Math.abs(real.reduce((sum, share) => sum + share) - 1) < 2e-6);
        assert.ok(row.slice(real.length).every((share) => share === 0), `padding in ${row}`);
      }
    });
  });

  tensorTest(`${name}: the largest attention gets the largest share`, () => {
    forEveryAttention((attention, plain) => {
      mapped(projection, attention).forEach((row, i) => {
        const best = plain[i]!.indexOf(Math.max(...plain[i]!));
        assert.ok(row[best]! >= Math.max(...row) - 1e-6);
      });
    });
  });
}

tensorTest("topk with k = 1 is argmax, with k = all it is softmax", () => {
  forEveryAttention((attention) => {
    const places = attention.shape[2]!;
    assert.deepEqual(mapped({ topk: 1 }, attention), mapped("argmax", attention));
    assert.deepEqual(mapped({ topk: places }, attention), mapped("softmax", attention));
    assert.deepEqual(mapped({ topk: places + 7 }, attention), mapped("softmax", attention));
  });
});

tensorTest("topk keeps the k largest in proportion, the first of equal ones", () => {
  const rows = tf.tensor3d([[
    [0.1, 0.3, 0.2, 0.4],
    [0.25, 0.25, 0.25, 0.25],
    [0.1, 0.3, 0.3, 0.3],
    [0, 1, 0, 0],
    [0, 0, 0, 0], // padding may have any values
  ]]);
  const map = project<"token", "region">({ topk: 2 }, rows);
  assertClose(
    map,
    [
      [0, 3 / 7, 0, 4 / 7],
      [1 / 2, 1 / 2, 0, 0],
      [0, 1 / 2, 1 / 2, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 0],
    ].flat(),
    1e-6,
  );
});

tensorTest(
  "sparsemax's support is within entmax15's, and that within softmax's",
  () => {
    forEveryAttention((attention, plain) => {
      const [sparse, between] = [mapped("sparsemax", attention), mapped("entmax15", attention)];
      plain.forEach((row, i) =>
        row.forEach((share, j) => {
          if (sparse[i]![j]! > 1e-6) assert.ok(between[i]![j]! > 0);
          if (between[i]![j]! > 1e-6) assert.ok(share > 0);
        })
      );
    });
  },
);

const sparseMaps = { sparsemax: [sparsemax, 1, 1], entmax15: [entmax15, 2, 2] } as const;

/** max(0, z / scale - tau)^power with the tau for which it sums to 1, by bisection in float64. */
function bisected(z: number[], power: number, scale: number): { shares: number[]; tau: number } {
  const shares = (tau: number) => z.map((x) => Math.max(0, x / scale - tau) ** power);
  const sum = (tau: number) => shares(tau).reduce((total, share) => total + share);
  let [low, high] = [Math.min(...z) / scale - 1, Math.max(...z) / scale];
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (sum(middle) > 1) low = middle;
    else high = middle;
  }
  return { shares: shares(low), tau: low };
}

const logits = fc.record({
  seed: fc.nat(),
  places: fc.integer({ min: 1, max: 40 }),
  spread: fc.constantFrom(0, 0.01, 1, 5, 100),
}).map(({ seed, places, spread }) =>
  Array.from({ length: places }, (_, place) => spread * randomStream(seed).normal(place))
);

for (const [name, [map, power, scale]] of Object.entries(sparseMaps)) {
  tensorTest(`${name} solves its equation`, () => {
    fc.assert(fc.property(logits, (z) => {
      const { shares } = bisected(z, power, scale);
      tf.tidy(() => assertClose(map(tf.tensor2d([z])), shares, 1e-5, "shares"));
    }));
  });

  tensorTest(`${name} has the gradient of its equation`, () => {
    fc.assert(fc.property(logits, fc.nat(), (z, seed) => {
      const { tau } = bisected(z, power, scale);
      fc.pre(z.every((x) => Math.abs(x / scale - tau) > 1e-3)); // no gradient where the support changes
      const above = z.map((_, place) => randomStream(seed).normal(place));
      const value = (z: number[]) =>
        bisected(z, power, scale).shares.reduce((sum, share, i) => sum + share * above[i]!, 0);
      const step = 1e-5;
      const expected = z.map((_, i) =>
        (value(z.with(i, z[i]! + step)) - value(z.with(i, z[i]! - step))) / (2 * step)
      );
      tf.tidy(() => {
        const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(map(x), [above])));
        assertClose(gradient(tf.tensor2d([z])), expected, 2e-3, "gradient");
      });
    }));
  });
}

tensorTest("for a single head, sparsemax of its attention equals that of its logits", () => {
  fc.assert(fc.property(logits, (z) => {
    tf.tidy(() => {
      const attention = tf.softmax(tf.tensor3d([[z]]));
      for (const name of ["sparsemax", "entmax15"] as const) {
        const map = project<"token", "region">(name, attention);
        assertClose(map, sparseMaps[name][0](tf.tensor3d([[z]])), 2e-5, name);
      }
    });
  }));
});
