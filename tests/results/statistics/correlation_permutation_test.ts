import assert from "node:assert/strict";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { permutationTest } from "../../../results/statistics/correlation_permutation.ts";

const options = { resamples: 2000, random: randomStream(1) };
const near = (actual: number, expected: number, within = 1e-12) =>
  assert.ok(Math.abs(actual - expected) < within, `${actual}, expected ${expected}`);
const pairs = (x: readonly number[], y: readonly number[]) =>
  x.map((value, place) => [value, y[place]!] as const);
const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

Deno.test("permutationTest() enumerates the orders of few pairs, like SciPy 1.17.1", () => {
  // scipy.stats.permutation_test, pairings, all of them; statistic: spearmanr
  const found = permutationTest([pairs(upTo(6), [2, 1, 4, 3, 3, 6])], options)!;
  near(found.rho, 0.753702346348183);
  near(found.p, 0.09444444444444444);
  assert.equal(found.exact, true);
});

Deno.test("permutationTest() draws the same orders of many pairs every time", () => {
  const given = [pairs(upTo(12), [2, 1, 4, 3, 3, 6, 1, 9, 2, 7, 5, 5])];
  const found = permutationTest(given, options)!;
  near(found.rho, 0.517618469174939);
  // SciPy, 20,000 drawn: 0.0899
  near(found.p, 0.0899, 0.02);
  assert.equal(found.exact, false);
  assert.deepEqual(permutationTest(given, options), found);
});

Deno.test("permutationTest() permutes values within each group only", () => {
  const groups = [
    pairs(upTo(4), [1, 3, 2, 4]),
    pairs([5, 6, 7, 8, 9], [6, 6.5, 8, 7, 9]),
  ];
  const found = permutationTest(groups, options)!;
  near(found.rho, 0.85);
  // All 24 x 120 pairs of orders, by SciPy's spearmanr: 0.0201
  near(found.p, 0.0201, 0.008);
});

Deno.test("permutationTest() never gives p = 0, and nothing without groups", () => {
  const line = permutationTest([pairs(upTo(30), upTo(30))], options)!;
  near(line.p, 1 / 2001);
  assert.equal(permutationTest([], options), undefined);
});
