/**
 * Permutation test of a rank correlation. If y were independent of x, every order of the y within a
 * group would be equally likely. p is the fraction of orders whose mean correlation over groups is at
 * least as far from 0 as the observed one (two-sided). A single group with few orders is enumerated;
 * otherwise orders are drawn, and the observed one is counted among them (Phipson and Smyth, 2010,
 * arXiv 1603.05766), so that p is never 0. Written by hand because libraries for JavaScript have no
 * such test with seeded streams.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import { centredRanks, rankedColumn } from "./weighted_ranks.ts";

type Pairs = readonly (readonly [x: number, y: number])[];

export interface PermutationOptions {
  readonly resamples: number;
  /** Resample r draws the order of group g with the stream forked on both. */
  readonly random: RandomStream;
}

/** Orders of seven values; up to this many are enumerated. */
const mostOrders = 5040;
/** Far above rounding errors of a sum, far below the effect of exchanging two ranks. */
const tolerance = 1e-9;

/**
 * @param groups y are permuted within each; x and y must vary within each
 * @returns mean of the groups' correlations, with its p value; undefined without groups
 */
export function permutationTest(
  groups: readonly Pairs[],
  { resamples, random }: PermutationOptions,
): { readonly rho: number; readonly p: number; readonly exact: boolean } | undefined {
  if (groups.length === 0) return undefined;
  const sides = groups.map((pairs) => ({
    x: normedRanks(pairs.map(([x]) => x)),
    y: normedRanks(pairs.map(([, y]) => y)),
  }));
  const mean = (of: (group: typeof sides[number], place: number) => number) =>
    sides.reduce((sum, group, place) => sum + of(group, place), 0) / sides.length;
  const rho = mean(({ x, y }) => product(x, y));
  const asFar = (other: number) => Math.abs(other) >= Math.abs(rho) - tolerance;
  const [only] = sides;
  if (sides.length === 1 && ordersOf(only!.y.length) <= mostOrders) {
    let [far, all] = [0, 0];
    for (const order of permutations([...only!.y])) {
      all++;
      if (asFar(product(only!.x, order))) far++;
    }
    return { rho, p: far / all, exact: true };
  }
  let far = 0;
  for (let resample = 0; resample < resamples; resample++) {
    const drawn = random.fork(resample);
    if (asFar(mean(({ x, y }, place) => product(x, shuffled(y, drawn.fork(place)))))) far++;
  }
  return { rho, p: (far + 1) / (resamples + 1), exact: false };
}

/** Centred ranks of length one: the product of two is their correlation. */
function normedRanks(values: readonly number[]): Float64Array {
  const ranks = centredRanks(rankedColumn(values), new Int32Array(values.length).fill(1));
  const length = Math.sqrt(product(ranks, ranks));
  return ranks.map((rank) => rank / length);
}

function product(x: Float64Array, y: ArrayLike<number>): number {
  return x.reduce((sum, value, place) => sum + value * y[place]!, 0);
}

/** The Fisher-Yates shuffle, with 32 bits per draw. */
function shuffled(values: Float64Array, random: RandomStream): Float64Array {
  const order = values.slice();
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random.bits(last) * (last + 1) / 2 ** 32);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

function ordersOf(count: number): number {
  return Array.from({ length: count }, (_, place) => place + 1).reduce((all, one) => all * one, 1);
}

/** Every order of the values by Heap's algorithm; yields the same array each time. */
function* permutations(values: number[], count = values.length): Generator<readonly number[]> {
  if (count <= 1) {
    yield values;
    return;
  }
  for (let turn = 0; turn < count; turn++) {
    yield* permutations(values, count - 1);
    const other = count % 2 === 0 ? turn : 0;
    [values[other], values[count - 1]] = [values[count - 1]!, values[other]!];
  }
}
