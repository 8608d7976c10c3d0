/**
 * Oracles: ordinary least squares of the two-way model in NumPy with SciPy's t distribution; a literal
 * resampling of seeds and images; and data made with known variances.
 */
import assert from "node:assert/strict";
import { type RandomStream, randomStream } from "../../../pipeline/contract/random_stream.ts";
import {
  type CrossedCells,
  crossedError,
  crossedP,
  halfWidth,
  meanSquares,
} from "../../../results/statistics/crossed_effects.ts";

const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found} is not ${expected} ± ${within}`);

function cellsOf(
  { seeds, units }: { seeds: number; units: number },
  difference: (seed: number, unit: number) => number,
  size: (unit: number) => number = () => 1,
): CrossedCells {
  const table = (of: (seed: number, unit: number) => number) =>
    Float64Array.from({ length: seeds * units }, (_, at) => of(Math.floor(at / units), at % units));
  return { seeds, units, differences: table(difference), sizes: table((_, unit) => size(unit)) };
}

const meanOf = ({ differences, sizes }: CrossedCells) =>
  differences.reduce((all, one) => all + one, 0) / sizes.reduce((all, one) => all + one, 0);

Deno.test("mean squares, standard error, degrees of freedom, interval and p agree with NumPy and SciPy", () => {
  const cases = [
    {
      cells: cellsOf({ seeds: 4, units: 7 }, (s, i) => (s * 31 + i * 17 + s * i * 7) % 11 - 4),
      squares: [6.13095238095237, 10.083333333333334, 10.908730158730158],
      error: 0.4679343811198459,
      freedom: 3,
      p: 0.07560567215507173,
      half: 1.4891760423100724,
    },
    {
      cells: cellsOf(
        { seeds: 4, units: 7 },
        (s, i) => (s * 31 + i * 17 + s * i * 7) % 5 + 3 * (i % 3) - 3,
      ),
      squares: [0.4761904761904627, 44.14285714285714, 1.5873015873015879],
      error: 1.2396967663756961,
      freedom: 5.69796982704651,
      p: 0.29521786706316216,
      half: 3.0728347274113315,
    },
  ];
  for (const { cells, squares, ...expected } of cases) {
    const found = meanSquares(cells);
    [found.ofSeeds, found.ofUnits, found.ofRest]
      .forEach((square, place) => near(square, squares[place]!, 1e-12));
    const error = crossedError(found);
    near(error.error, expected.error, 1e-12);
    near(error.freedom, expected.freedom, 1e-12);
    near(crossedP(meanOf(cells), error), expected.p, 1e-9);
    near(halfWidth(error, 0.95), expected.half, 1e-8);
  }
});

/** Variance of the mean over resamples of the seeds and of the units, both with replacement. */
function resampledVariance(
  { seeds, units, differences, sizes }: CrossedCells,
  { resamples, random }: { resamples: number; random: RandomStream },
): number {
  const found = Array.from({ length: resamples }, (_, resample) => {
    const drawn = random.fork(resample);
    const times = (count: number, stream: RandomStream) => {
      const weights = new Float64Array(count);
      for (let draw = 0; draw < count; draw++) weights[stream.integer(draw, count)]!++;
      return weights;
    };
    const [ofSeeds, ofUnits] = [times(seeds, drawn.fork("s")), times(units, drawn.fork("u"))];
    let [hits, queries] = [0, 0];
    differences.forEach((difference, at) => {
      const weight = ofSeeds[Math.floor(at / units)]! * ofUnits[at % units]!;
      hits += weight * difference;
      queries += weight * sizes[at]!;
    });
    return hits / queries;
  });
  const mean = found.reduce((sum, one) => sum + one, 0) / resamples;
  return found.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (resamples - 1);
}

/** What such resampling tends to, in terms of the mean squares. */
function limitOfResampling(
  { seeds, units, ofSeeds, ofUnits, ofRest }: ReturnType<typeof meanSquares>,
) {
  const all = seeds * units;
  return ofSeeds / all * (seeds - 1) / seeds + ofUnits / all * (units - 1) / units +
    ofRest / all * (seeds - 1) / seeds * (units - 1) / units;
}

Deno.test("mean squares that nearly cancel out leave as many degrees of freedom as there are seeds or images", () => {
  const cancelling = { seeds: 3, units: 64, ofSeeds: 0.001, ofUnits: 1.01, ofRest: 1 };
  const { error, freedom } = crossedError(cancelling);
  near(error, Math.sqrt(0.011 / (3 * 64)), 1e-12);
  assert.equal(freedom, 2);
  near(halfWidth({ error, freedom }, 0.95), 4.302652729911275 * error, 1e-9); // scipy: t.ppf(0.975, 2)
  assert.equal(crossedError({ ...cancelling, seeds: 9, units: 4 }).freedom, 3);
  assert.equal(crossedError({ ...cancelling, ofSeeds: 0, ofUnits: 0, ofRest: 0 }).freedom, 2);
});

Deno.test("the mean squares are those of resampling seeds and images together", () => {
  const random = randomStream(3);
  const resamples = 8000;
  // The relative error of a variance is sqrt((kurtosis - 1) / resamples); kurtosis below 6.
  const within = 4 * Math.sqrt(5 / resamples);
  for (const [seeds, units] of [[4, 7], [3, 30], [8, 12]] as const) {
    const cells = cellsOf(
      { seeds, units },
      (s, i) => random.normal(s) + random.normal(100 + i) + 2 * random.normal(200 + 50 * s + i),
    );
    const limit = limitOfResampling(meanSquares(cells));
    const found = resampledVariance(cells, { resamples, random: random.fork(units) });
    near(found / limit, 1, within);
  }
});

Deno.test("images with different numbers of queries weigh as they do when they are resampled", () => {
  const random = randomStream(4);
  const resamples = 4000;
  const cells = cellsOf(
    { seeds: 3, units: 150 },
    (s, i) => (1 + i % 5) * (0.3 + 0.2 * random.normal(s)) + 3 * random.normal(10 + 200 * s + i),
    (unit) => 1 + unit % 5,
  );
  const limit = limitOfResampling(meanSquares(cells));
  const found = resampledVariance(cells, { resamples, random: random.fork("resample") });
  // Linearising the ratio leaves a relative error of the order of 1 / units.
  near(found / limit, 1, 4 * Math.sqrt(5 / resamples) + 4 / 150);
});

/** Variances of the mean difference from its three sources. */
type Mix = readonly [ofSeeds: number, ofUnits: number, ofRest: number];

/** How many of the intervals miss the true difference, 0, and how many tests are significant. */
function misses(
  mix: Mix,
  { seeds, units, trials }: { seeds: number; units: number; trials: number },
): number {
  const [ofSeeds, ofUnits, ofRest] = [
    Math.sqrt(mix[0] * seeds),
    Math.sqrt(mix[1] * units),
    Math.sqrt(mix[2] * seeds * units),
  ];
  let missed = 0;
  for (let trial = 0; trial < trials; trial++) {
    const random = randomStream(1000 * seeds + trial);
    const [a, b, e] = ["seeds", "units", "rest"].map((part) => random.fork(part));
    const cells = cellsOf(
      { seeds, units },
      (s, i) => ofSeeds * a!.normal(s) + ofUnits * b!.normal(i) + ofRest * e!.normal(s * units + i),
    );
    const error = crossedError(meanSquares(cells));
    const isMissed = Math.abs(meanOf(cells)) > halfWidth(error, 0.95);
    assert.equal(crossedP(meanOf(cells), error) < 0.05, isMissed);
    if (isMissed) missed++;
  }
  return missed;
}

/** Bounds within which a share of trials lies in all but 1 of 15,000 cases (4 standard deviations). */
const spread = (share: number, trials: number) => 4 * Math.sqrt(share * (1 - share) / trials);

Deno.test("where one source of variance dominates, 5 of 100 tests without a difference are significant", () => {
  const trials = 1000;
  for (const seeds of [3, 5, 10]) {
    for (const mix of [[1, 0, 0], [0, 1, 0]] as const) {
      const share = misses(mix, { seeds, units: 40, trials }) / trials;
      near(share, 0.05, spread(0.05, trials));
    }
  }
});

Deno.test("with all sources at once, no more tests without a difference are significant than docs/evaluation.md says", () => {
  const trials = 1000;
  for (const [seeds, most] of [[3, 0.08], [5, 0.065], [10, 0.06]] as const) {
    for (const mix of [[0, 0, 1], [0, 1, 1], [1, 1, 1], [1, 0, 1], [10, 1, 0.3]] as const) {
      const share = misses(mix, { seeds, units: 40, trials }) / trials;
      assert.ok(
        share <= most + spread(most, trials) && share >= 0.02 - spread(0.02, trials),
        `${100 * share} % with ${seeds} seeds and variances ${mix}`,
      );
    }
  }
});

Deno.test("without any difference the interval is 0, and p is 1", () => {
  const cells = cellsOf({ seeds: 3, units: 5 }, () => 0);
  const error = crossedError(meanSquares(cells));
  assert.deepEqual([error.error, halfWidth(error, 0.95), crossedP(0, error)], [0, 0, 1]);
});
