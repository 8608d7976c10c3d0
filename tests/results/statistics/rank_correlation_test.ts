import assert from "node:assert/strict";
import fc from "fast-check";
import {
  partialCorrelation,
  rankCorrelation,
} from "../../../results/statistics/rank_correlation.ts";

const pairs = (x: number[], y: number[]) => x.map((value, place) => [value, y[place]!] as const);
const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs(actual! - expected) < 1e-12, `${actual}, expected ${expected}`);

Deno.test("rankCorrelation() agrees with SciPy 1.17.1, ties included", () => {
  // scipy.stats.spearmanr(x, y).statistic
  const known: [number[], number[], number][] = [
    [[1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233],
    [[0.3, 0.1, 0.3, 0.2, 0.9, 0.9], [10, 20, 20, 40, 10, 5], -0.803030303030303],
    [[1, 2, 2, 2, 3, 8, 8], [2, 2, 1, 9, 9, 9, 3], 0.5490196078431372],
  ];
  for (const [x, y, rho] of known) near(rankCorrelation(pairs(x, y)), rho);
});

Deno.test("partialCorrelation() agrees with SciPy 1.17.1 on residuals of ranks", () => {
  const x = [0.3, 0.1, 0.3, 0.2, 0.9, 0.9, 0.5, 0.7];
  const y = [10, 20, 20, 40, 10, 5, 1, 2];
  const z = [2, 2, 3, 2, 4, 3, 3, 4];
  const [xy, xz, yz] = [[x, y], [x, z], [y, z]].map(([a, b]) => rankCorrelation(pairs(a!, b!))!);
  near(xy, -0.676829268292683);
  near(xz, 0.8224739598517063);
  near(yz, -0.5801948088876379);
  // scipy.stats.pearsonr of the residuals of rankdata(x) and rankdata(y) on rankdata(z)
  near(partialCorrelation({ xy: xy!, xz: xz!, yz: yz! }), -0.430917280699554);
  assert.equal(partialCorrelation({ xy: 0.5, xz: 1, yz: 0.5 }), undefined);
});

Deno.test("few pairs or a constant side have no correlation", () => {
  assert.equal(rankCorrelation(pairs([1, 2], [2, 1])), undefined);
  assert.equal(rankCorrelation(pairs([1, 1, 1], [2, 1, 3])), undefined);
});

Deno.test("rankCorrelation() depends only on the order and changes sign with one side", () => {
  const value = fc.integer({ min: -9, max: 9 });
  fc.assert(fc.property(
    fc.array(fc.tuple(value, value), { minLength: 3, maxLength: 30 }),
    (given) => {
      const rho = rankCorrelation(given);
      fc.pre(rho !== undefined);
      assert.ok(Math.abs(rho) <= 1 + 1e-12);
      near(rankCorrelation(given.map(([x, y]) => [Math.exp(x), y ** 3])), rho);
      near(rankCorrelation(given.map(([x, y]) => [x, -y])), -rho);
    },
  ));
});
