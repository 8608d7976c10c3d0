/** A comparison of a variant with its baseline, for tests of what is said about it. */
import type { Comparison } from "../../results/findings/comparison.ts";

export function madeComparison(more: Partial<Comparison> = {}): Comparison {
  return {
    stage: "recall",
    split: "test",
    metric: "i2t_r1",
    variant: "singular",
    baseline: "none",
    difference: 0.012,
    low: -0.03,
    high: 0.0504,
    p: 0.4321,
    pHolm: 0.8642,
    significant: false,
    detectable: 0.06,
    seeds: 3,
    pSeeds: 0.25,
    components: null,
    requestedSeeds: 3,
    queries: 100,
    unit: "images",
    units: 100,
    variants: 2,
    pending: 0,
    ...more,
  };
}
