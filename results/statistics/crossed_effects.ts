/**
 * Confidence interval and test of a mean paired difference when both the training seeds and the test
 * images are samples: two crossed random effects,
 *
 *     y[s, i] = mean + seed[s] + image[i] + rest[s, i]
 *
 * with the difference y of seed s on image i (or on another unit: a family of images, a pair). With
 * S seeds, I units and the mean squares MS of the two-way analysis of variance, the variance of the mean is
 *
 *     (MS_seed + max(0, MS_unit - MS_rest)) / (S I)
 *
 * which is what resampling seeds and units with replacement gives, without the bias of that resampling:
 * it counts the rest three times and takes S seeds for (S - 1) / S of their variance (Owen, "The pigeonhole
 * bootstrap", Annals of Applied Statistics 1:386, 2007). As few seeds estimate their variance badly, the
 * mean divided by its standard error is compared with Student's t, with Satterthwaite's degrees of
 * freedom (1946)
 *
 *     (MS_seed + max(0, MS_unit - MS_rest))^2
 *       / (MS_seed^2 / (S - 1) + [MS_unit > MS_rest] (MS_unit^2 / (I - 1) + MS_rest^2 / ((S - 1) (I - 1))))
 *
 * as multi-reader studies do, where readers are what seeds are here (Hillis, Statistics in Medicine
 * 26:596, 2007), but with at least min(S, I) - 1 of them: where two mean squares that are nearly equal are
 * subtracted, the formula comes near 0, and intervals would have no end. Units may have different numbers
 * of queries: the mean is a ratio of sums d and m, and y[s, i] = (d[s, i] - mean m[s, i]) / mean of m, its
 * linearisation.
 */
import { studentBound, studentTail } from "./student_t.ts";

/** Paired results of two variants for each seed and unit: [seed, unit], row by row. */
export interface CrossedCells {
  readonly seeds: number;
  readonly units: number;
  /** Queries. */
  readonly sizes: Float64Array;
  /** Hits of the variant minus hits of the baseline. */
  readonly differences: Float64Array;
}

/** Mean squares of the two-way analysis of variance, per query: expectations with variances σ². */
export interface MeanSquares {
  readonly seeds: number;
  readonly units: number;
  /** units σ²_seed + σ²_rest */
  readonly ofSeeds: number;
  /** seeds σ²_unit + σ²_rest */
  readonly ofUnits: number;
  /** σ²_rest */
  readonly ofRest: number;
}

/** @param cells of at least two seeds and two units */
export function meanSquares(cells: CrossedCells): MeanSquares {
  const { seeds, units } = cells;
  const y = linearised(cells);
  const bySeed = new Float64Array(seeds);
  const byUnit = new Float64Array(units);
  for (let seed = 0, at = 0; seed < seeds; seed++) {
    for (let unit = 0; unit < units; unit++, at++) {
      bySeed[seed]! += y[at]! / units;
      byUnit[unit]! += y[at]! / seeds;
    }
  }
  let rest = 0;
  for (let seed = 0, at = 0; seed < seeds; seed++) {
    for (let unit = 0; unit < units; unit++, at++) {
      rest += (y[at]! - bySeed[seed]! - byUnit[unit]!) ** 2;
    }
  }
  const squares = (values: Float64Array) => values.reduce((sum, value) => sum + value ** 2, 0);
  return {
    seeds,
    units,
    ofSeeds: units * squares(bySeed) / (seeds - 1),
    ofUnits: seeds * squares(byUnit) / (units - 1),
    ofRest: rest / ((seeds - 1) * (units - 1)),
  };
}

/** A standard error and its degrees of freedom. */
export interface CrossedError {
  readonly error: number;
  readonly freedom: number;
}

export function crossedError(
  { seeds, units, ofSeeds, ofUnits, ofRest }: MeanSquares,
): CrossedError {
  const ofImages = Math.max(0, ofUnits - ofRest);
  const square = ofSeeds ** 2 / (seeds - 1) +
    (ofImages === 0 ? 0 : ofUnits ** 2 / (units - 1) + ofRest ** 2 / ((seeds - 1) * (units - 1)));
  const satterthwaite = square === 0 ? 0 : (ofSeeds + ofImages) ** 2 / square;
  return {
    error: Math.sqrt((ofSeeds + ofImages) / (seeds * units)),
    freedom: Math.max(satterthwaite, Math.min(seeds, units) - 1),
  };
}

/** Half the width of the interval at this level, such as 0.95. */
export function halfWidth({ error, freedom }: CrossedError, level: number): number {
  return error === 0 ? 0 : studentBound(1 - level, freedom) * error;
}

/** Two-sided p of a mean difference; 1 for no difference. */
export function crossedP(difference: number, { error, freedom }: CrossedError): number {
  return difference === 0 ? 1 : studentTail(Math.abs(difference) / error, freedom);
}

/** Deviations from the mean per query; their mean is 0. */
function linearised({ sizes, differences }: CrossedCells): Float64Array {
  const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
  const queries = sum(sizes);
  const mean = sum(differences) / queries;
  const size = queries / sizes.length;
  return differences.map((difference, at) => (difference - mean * sizes[at]!) / size);
}
