/**
 * Numbers of SciPy 1.17.1 (scipy.stats.permutation_test with permutation_type "samples" against zeros,
 * n_resamples inf or 400,000; scipy.stats.bootstrap, paired, percentile, 400,000 resamples of the ratio of
 * sums) and statsmodels 0.15.0 (multipletests, method "holm").
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import { holm } from "../../../results/statistics/holm.ts";
import {
  imageDraws,
  meanDifference,
  pairedBootstrap,
  percentile,
} from "../../../results/statistics/paired_bootstrap.ts";
import { fewestImages, signFlipTest } from "../../../results/statistics/paired_permutation.ts";

const random = randomStream(1).fork("test");
const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected} ± ${within}`);

/** Sixty images: differences, and how many queries each has. */
const many = Float64Array.from({ length: 60 }, (_, k) => (k * 37) % 11 - 4);
const sizes = Float64Array.from({ length: 60 }, (_, k) => 5 + k % 3);

Deno.test("signFlipTest() enumerates the signs of few differences and gives SciPy's p", () => {
  const cases: [number[], number][] = [
    [[3, -1, 2, 0, 1, 1, -2, 4], 0.265625],
    [[1, 1, 1, 1, 1], 0.0625],
    [[2, -2, 0], 1],
    [[5, -1, -1, -1, 2, 3, 1, -4, 2, 2, 1], 0.349609375],
    [[0, 0, 0], 1],
    [[], 1],
  ];
  for (const [differences, p] of cases) {
    const found = signFlipTest(Float64Array.from(differences), { resamples: 10_000, random });
    assert.deepEqual(found, { p, exact: true });
  }
});

Deno.test("signFlipTest() draws signs of many differences and gives SciPy's p within sampling error", () => {
  const { p, exact } = signFlipTest(many, { resamples: 10_000, random });
  assert.equal(exact, false);
  near(p, 0.0405, 4 * Math.sqrt(0.0405 * 0.9595 / 10_000));
  assert.deepEqual(signFlipTest(many, { resamples: 10_000, random }), { p, exact });
});

Deno.test("drawn signs give the exact p within sampling error", () => {
  const differences = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 8, maxLength: 12 });
  fc.assert(
    fc.property(differences, fc.nat(1000), (values, seed) => {
      const all = signFlipTest(Float64Array.from(values), { resamples: 2 ** 12, random });
      fc.pre(values.filter((value) => value !== 0).length >= 8);
      const options = { resamples: 200, random: randomStream(seed) };
      const drawn = signFlipTest(Float64Array.from(values), options);
      assert.deepEqual([all.exact, drawn.exact], [true, false]);
      assert.ok(drawn.p > 0);
      near(drawn.p, all.p, 5 * Math.sqrt(0.25 / 200));
    }),
    { numRuns: 50 },
  );
});

Deno.test("pairedBootstrap() gives SciPy's interval within sampling error", () => {
  const clusters = { sizes, differences: many };
  near(meanDifference(clusters), 53 / 360, 1e-12);
  const { low, high, error } = pairedBootstrap(clusters, {
    level: 0.95,
    draws: imageDraws(60, { resamples: 2000, random }),
  });
  near(low, 0.01389, 0.012);
  near(high, 0.28011, 0.012);
  near(error, 0.068, 0.004);
});

Deno.test("if all images agree, the interval is the difference itself", () => {
  const clusters = { sizes: Float64Array.of(2, 2, 2), differences: Float64Array.of(1, 1, 1) };
  const { low, high, error } = pairedBootstrap(clusters, {
    level: 0.95,
    draws: imageDraws(3, { resamples: 100, random }),
  });
  assert.deepEqual([low, high, error], [0.5, 0.5, 0]);
});

Deno.test("about 95 of 100 intervals contain the true difference", () => {
  let holds = 0;
  for (let trial = 0; trial < 300; trial++) {
    const data = randomStream(trial).fork("data");
    // Differences -1, 0, 1 with probabilities 0.2, 0.5, 0.3: mean 0.1.
    const differences = Float64Array.from({ length: 80 }, (_, k) => {
      const drawn = data.uniform(k);
      return drawn < 0.2 ? -1 : drawn < 0.7 ? 0 : 1;
    });
    const clusters = { sizes: new Float64Array(80).fill(1), differences };
    const draws = imageDraws(80, { resamples: 400, random: data.fork("bootstrap") });
    const { low, high } = pairedBootstrap(clusters, { level: 0.95, draws });
    if (low <= 0.1 && 0.1 <= high) holds++;
  }
  near(holds / 300, 0.95, 0.04);
});

Deno.test("about 5 of 100 tests without a true difference are significant", () => {
  let alarms = 0;
  for (let trial = 0; trial < 400; trial++) {
    const data = randomStream(trial).fork("nothing");
    const differences = Float64Array.from({ length: 60 }, (_, k) => Math.round(data.normal(k)));
    const { p } = signFlipTest(differences, { resamples: 400, random: data.fork("signs") });
    if (p <= 0.05) alarms++;
  }
  near(alarms / 400, 0.05, 0.035);
});

Deno.test("with fewer than fewestImages(), even equal signs are not significant", () => {
  for (const tests of [1, 3, 18]) {
    const p = (images: number) =>
      signFlipTest(new Float64Array(images).fill(1), { resamples: 10_000, random }).p * tests;
    const fewest = fewestImages({ level: 0.05, tests });
    assert.ok(p(fewest) <= 0.05 && p(fewest - 1) > 0.05);
  }
});

Deno.test("holm() agrees with statsmodels", () => {
  const close = (found: number[], expected: number[]) =>
    found.forEach((value, place) => near(value, expected[place]!, 1e-12));
  close(holm([0.01, 0.04, 0.03, 0.005, 0.2, 0.04]), [0.05, 0.12, 0.12, 0.03, 0.2, 0.12]);
  close(holm([0.3, 0.4, 0.001]), [0.6, 0.6, 0.003]);
  assert.deepEqual(holm([]), []);
});

Deno.test("adjusted p values keep their order and never decrease", () => {
  const p = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
  fc.assert(fc.property(p, (values) => {
    const adjusted = holm(values);
    values.forEach((value, a) => {
      assert.ok(adjusted[a]! >= value && adjusted[a]! <= 1);
      values.forEach((other, b) => assert.ok(value > other || adjusted[a]! <= adjusted[b]!));
    });
  }));
});

Deno.test("percentile() interpolates like NumPy", () => {
  const sorted = Float64Array.of(1, 2, 4, 8, 16);
  near(percentile(sorted, 0.025), 1.1, 1e-12);
  near(percentile(sorted, 0.3), 2.4, 1e-12);
  near(percentile(sorted, 0.975), 15.2, 1e-12);
});
