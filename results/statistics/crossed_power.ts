/**
 * What a design of S seeds and I units (images, families or pairs) can detect, from the spread of a pilot:
 *
 *     variance = σ²_seed / S + σ²_unit / I + σ²_rest / (S I)
 *     detectable = (t(1 - α / 2) + t(power)) sqrt(variance)
 *
 * with Student's t for the degrees of freedom that the design would have (`crossed_effects.ts`).
 */
import { crossedError, type MeanSquares } from "./crossed_effects.ts";
import { studentBound } from "./student_t.ts";

/** Variances of the difference per query. */
export interface Components {
  readonly ofSeeds: number;
  readonly ofUnits: number;
  readonly ofRest: number;
}

export interface Design {
  readonly seeds: number;
  readonly units: number;
}

export interface PowerOptions {
  /** Level of the test, such as 0.05. */
  readonly level: number;
  /** Share of true differences that it finds, such as 0.8. */
  readonly power: number;
}

/** Unbiased estimates, but not below 0. */
export function componentsOf({ seeds, units, ofSeeds, ofUnits, ofRest }: MeanSquares): Components {
  return {
    ofSeeds: Math.max(0, ofSeeds - ofRest) / units,
    ofUnits: Math.max(0, ofUnits - ofRest) / seeds,
    ofRest,
  };
}

/** The true difference that the test finds with this power. At least two seeds and two units. */
export function detectable(
  { ofSeeds, ofUnits, ofRest }: Components,
  { seeds, units }: Design,
  { level, power }: PowerOptions,
): number {
  const { error, freedom } = crossedError({
    seeds,
    units,
    ofSeeds: units * ofSeeds + ofRest,
    ofUnits: seeds * ofUnits + ofRest,
    ofRest,
  });
  if (error === 0) return 0;
  return (studentBound(level, freedom) + studentBound(2 * (1 - power), freedom)) * error;
}

/** No test set is larger. */
export const mostUnits = 100_000;

/** Fewest units with which this difference is detectable; undefined if `mostUnits` do not suffice. */
export function unitsNeeded(
  components: Components,
  { seeds, difference }: { readonly seeds: number; readonly difference: number },
  options: PowerOptions,
): number | undefined {
  const suffices = (units: number) =>
    detectable(components, { seeds, units }, options) <= difference;
  // Not by bisection alone: with very many units the degrees of freedom fall to those of the seeds.
  let [low, high] = [1, 2];
  while (!suffices(high)) {
    if (high >= mostUnits) return undefined;
    [low, high] = [high, Math.min(2 * high, mostUnits)];
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle;
  }
  return high;
}
