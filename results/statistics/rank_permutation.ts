/**
 * Whether a rank correlation may be chance: if y had nothing to do with x, any order of the y of a
 * group would be as likely as the one found. p is the share of orders with a mean correlation over
 * groups at least as far from 0 as the one found (two-sided). All orders are gone through where they
 * are few, else so many are drawn, and the one found is counted among them (Phipson and Smyth, 2010,
 * arXiv 1603.05766), so that p is never 0.
 */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import { centredRanks, rankedColumn } from "./weighted_ranks.ts";

type Pairs = readonly (readonly [x: number, y: number])[];

export interface PermutationOptions {
  readonly resamples: number;
  /** Resample r draws the order of group g with the stream forked on both. */
  readonly random: RandomStream;
}

/** Gone through one by one: those of seven. */
const mostOrders = 5040;
/** Far above the last bits of a sum, far below what one exchange of ranks makes. */
const alike = 1e-9;

/**
 * @param groups whose y are exchanged within each; in none is x or y all the same
 * @returns the mean of the groups' correlations, with its p; undefined without a group
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
  const asFar = (other: number) => Math.abs(other) >= Math.abs(rho) - alike;
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

/** Centred, of length one: the product of two is their correlation. */
function normedRanks(values: readonly number[]): Float64Array {
  const ranks = centredRanks(rankedColumn(values), new Int32Array(values.length).fill(1));
  const length = Math.sqrt(product(ranks, ranks));
  return ranks.map((rank) => rank / length);
}

function product(x: Float64Array, y: ArrayLike<number>): number {
  return x.reduce((sum, value, place) => sum + value * y[place]!, 0);
}

/** Fisher and Yates's, with 32 bits a draw. */
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

/** Every order of the values, by Heap's exchanges, in one array that changes. */
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
