/**
 * Counter-based random numbers on the host: each value depends only on the seed, the purpose and
 * the counter, never on earlier draws. A resumed run therefore draws the same numbers as an
 * uninterrupted one, and streams for different purposes are independent.
 *
 *     const negatives = randomStream(seed).fork("negatives").fork(step);
 *     negatives.integer(0, 200);   // first draw of this step, in 0..199
 *
 * The bits are those of `stages/model/keyed_random.ts` on the device:
 * bits(counter) = mix(mix(counter ^ key0) + key1), with mix = lowbias32 (Chris Wellons, 2018,
 * "Prospecting for hash functions"), all in 32-bit unsigned arithmetic.
 */
export interface RandomStream {
  /** The two 32-bit words that determine the bits for each counter; as signed int32. */
  readonly key: readonly [number, number];
  /** A separate stream for a purpose (text) or for a step, epoch or item (non-negative integer). */
  fork(purpose: string | number): RandomStream;
  /** 32 random bits at `counter`, 0 .. 2^32 - 1. */
  bits(counter: number): number;
  /** A number in [0, 1) with 24 random bits, exact in float32. */
  uniform(counter: number): number;
  /** An integer in [0, bound), by multiply-shift; `bound` is at most 2^31. */
  integer(counter: number, bound: number): number;
  /** A standard normal number (Box-Muller, from counters 2c and 2c+1). */
  normal(counter: number): number;
  /** A new array with the items in random order (Fisher-Yates, from counters 0..n-2). */
  shuffled<Item>(items: readonly Item[]): Item[];
  /** `count` distinct integers from [0, bound), in random order. */
  sample(count: number, bound: number): number[];
}

/** The root stream of a seed. Seeds are integers, 0 .. 2^53 - 1. */
export function randomStream(seed: number): RandomStream {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`a seed must be an integer from 0 to 2^53 - 1, not ${seed}`);
  }
  const low = seed >>> 0;
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return stream(mix(low ^ 0x243f6a88), mix((high ^ mix(low)) + 0x85a308d3));
}

/** lowbias32: a bijection on 32-bit words with very low bias. */
export function mix(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d) >>> 0;
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}

/** The two words for a purpose: FNV-1a over the UTF-8 bytes of a text, `mix` of a number. */
export function purposeWords(purpose: string | number): [number, number] {
  if (typeof purpose === "number") {
    if (!Number.isSafeInteger(purpose) || purpose < 0 || purpose > 0xffffffff) {
      throw new RangeError(
        `a stream can be forked by a text or an integer below 2^32, not ${purpose}`,
      );
    }
    return [mix(purpose), mix(purpose ^ 0x9e3779b9)];
  }
  let first = 0x811c9dc5;
  let second = 0xcbf29ce4;
  for (const byte of new TextEncoder().encode(purpose)) {
    first = Math.imul(first ^ byte, 0x01000193) >>> 0;
    second = Math.imul(second ^ mix(byte + first), 0x01000193) >>> 0;
  }
  return [mix(first), mix(second)];
}

function stream(key0: number, key1: number): RandomStream {
  const bits = (counter: number) => mix((mix((counter ^ key0) >>> 0) + key1) >>> 0);
  const uniform = (counter: number) => (bits(counter) >>> 8) * 2 ** -24;
  const integer = (counter: number, bound: number) =>
    Number((BigInt(bits(counter)) * BigInt(bound)) >> 32n);
  return {
    key: [key0 | 0, key1 | 0],
    fork(purpose) {
      const [first, second] = purposeWords(purpose);
      return stream(mix(key0 ^ first), mix((key1 + second) >>> 0));
    },
    bits,
    uniform,
    integer,
    normal(counter) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform(2 * counter)));
      return radius * Math.cos(2 * Math.PI * uniform(2 * counter + 1));
    },
    shuffled(items) {
      const order = items.slice();
      for (let last = order.length - 1; last > 0; last--) {
        const other = integer(order.length - 1 - last, last + 1);
        [order[last], order[other]] = [order[other]!, order[last]!];
      }
      return order;
    },
    sample(count, bound) {
      if (count > bound) {
        throw new RangeError(`cannot draw ${count} distinct integers below ${bound}`);
      }
      const moved = new Map<number, number>();
      const drawn: number[] = [];
      for (let place = 0; place < count; place++) {
        const other = place + integer(place, bound - place);
        drawn.push(moved.get(other) ?? other);
        moved.set(other, moved.get(place) ?? place);
      }
      return drawn;
    },
  };
}
