/** `detectable` against SciPy's t distribution, and against tests of data made with known variances. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  crossedError,
  crossedP,
  meanSquares,
} from "../../../results/statistics/crossed_effects.ts";
import {
  componentsOf,
  detectable,
  unitsNeeded,
} from "../../../results/statistics/crossed_power.ts";

const pilot = { ofSeeds: 0.0004, ofUnits: 0.05, ofRest: 0.1 };
const options = { level: 0.05, power: 0.8 };
const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected} ± ${within}`);

Deno.test("detectable() agrees with SciPy", () => {
  near(detectable(pilot, { seeds: 5, units: 200 }, options), 0.060911880015902746, 1e-9);
  near(detectable(pilot, { seeds: 20, units: 1000 }, options), 0.02441458223185983, 1e-9);
  const third = { ...options, level: 0.05 / 3 };
  near(detectable(pilot, { seeds: 3, units: 200 }, third), 0.09583183033221655, 1e-9);
});

Deno.test("a difference of the detectable size is found in 80 of 100 tests", () => {
  const trials = 600;
  for (const [seeds, units] of [[5, 60], [10, 40]] as const) {
    const size = detectable(pilot, { seeds, units }, options);
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const [a, b, e] = ["a", "b", "e"].map((part) => randomStream(trial).fork(part));
      const differences = Float64Array.from(
        { length: seeds * units },
        (_, at) =>
          size + Math.sqrt(pilot.ofSeeds) * a!.normal(Math.floor(at / units)) +
          Math.sqrt(pilot.ofUnits) * b!.normal(at % units) +
          Math.sqrt(pilot.ofRest) * e!.normal(at),
      );
      const sizes = new Float64Array(seeds * units).fill(1);
      const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
      const error = crossedError(meanSquares({ seeds, units, differences, sizes }));
      if (crossedP(mean, error) < 0.05) found++;
    }
    // Adding quantiles of t approximates the noncentral t distribution to about 3 %.
    near(found / trials, 0.8, 0.03 + 4 * Math.sqrt(0.8 * 0.2 / trials));
  }
});

Deno.test("componentsOf() recovers the variances that data were made with", () => {
  const [seeds, units] = [40, 400];
  const [a, b, e] = ["a", "b", "e"].map((part) => randomStream(1).fork(part));
  const differences = Float64Array.from(
    { length: seeds * units },
    (_, at) => 2 * a!.normal(Math.floor(at / units)) + b!.normal(at % units) + 3 * e!.normal(at),
  );
  const sizes = new Float64Array(seeds * units).fill(1);
  const found = componentsOf(meanSquares({ seeds, units, differences, sizes }));
  // The relative error of a variance from n values is sqrt(2 / n); images also carry the rest / seeds.
  near(found.ofSeeds, 4, 4 * 4 * Math.sqrt(2 / (seeds - 1)));
  near(found.ofUnits, 1, 4 * (1 + 9 / seeds) * Math.sqrt(2 / (units - 1)));
  near(found.ofRest, 9, 4 * 9 * Math.sqrt(2 / ((seeds - 1) * (units - 1))));
});

Deno.test("unitsNeeded() is the smallest number that suffices", () => {
  const variance = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(
    fc.property(variance, variance, fc.integer({ min: 2, max: 12 }), (unit, rest, seeds) => {
      const components = { ofSeeds: 0, ofUnits: unit, ofRest: rest };
      const difference = 0.05;
      const needed = unitsNeeded(components, { seeds, difference }, options)!;
      assert.ok(detectable(components, { seeds, units: needed }, options) <= difference);
      assert.ok(detectable(components, { seeds, units: needed - 1 }, options) > difference);
    }),
  );
});

Deno.test("where seeds vary too much, no number of images suffices", () => {
  const components = { ofSeeds: 0.01, ofUnits: 0.01, ofRest: 0.01 };
  assert.equal(unitsNeeded(components, { seeds: 3, difference: 0.05 }, options), undefined);
});
