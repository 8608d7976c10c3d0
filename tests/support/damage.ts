/** Ways to damage a file, for properties: any bytes are a result or a complaint, nothing else. */
import fc from "fast-check";
import { Complaint } from "../../pipeline/contract/complaint.ts";

export type Damage = (bytes: Uint8Array) => Uint8Array;

const place = fc.nat({ max: 2 ** 30 });
const extremes = [0n, 1n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 1n << 53n]
  .concat([(1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, 16n, 31n, 32n, 33n, 255n, 257n]);

/** One change; places are taken modulo the length. */
const change: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ at: place, bit: fc.nat({ max: 7 }) }).map(({ at, bit }): Damage => (bytes) => {
    bytes[at % bytes.length]! ^= 1 << bit;
    return bytes;
  }),
  fc.record({ at: place, value: fc.nat({ max: 255 }) }).map(({ at, value }): Damage => (bytes) => {
    bytes[at % bytes.length] = value;
    return bytes;
  }),
  fc.record({
    at: place,
    width: fc.constantFrom(1, 2, 4, 8),
    value: fc.oneof(fc.constantFrom(...extremes), fc.bigInt({ min: 0n, max: 70_000n })),
    little: fc.boolean(),
  }).map(({ at, width, value, little }): Damage => (bytes) => {
    for (let index = 0; index < width; index++) {
      const shift = BigInt(8 * (little ? index : width - 1 - index));
      const target = at % bytes.length + index;
      if (target < bytes.length) bytes[target] = Number((value >> shift) & 0xffn);
    }
    return bytes;
  }),
  place.map((at): Damage => (bytes) => bytes.slice(0, at % (bytes.length + 1))),
  fc.record({ from: place, to: place, length: fc.nat({ max: 300 }) }).map(
    ({ from, to, length }): Damage => (bytes) => {
      const start = from % bytes.length;
      bytes.set(
        bytes.slice(start, start + length).subarray(0, bytes.length - to % bytes.length),
        to % bytes.length,
      );
      return bytes;
    },
  ),
  fc.record({ at: place, length: fc.nat({ max: 300 }), cut: fc.boolean() }).map(
    ({ at, length, cut }): Damage => (bytes) => {
      const start = at % bytes.length;
      const again = bytes.subarray(cut ? start + length : Math.max(0, start - length));
      const result = new Uint8Array(start + again.length);
      result.set(bytes.subarray(0, start));
      result.set(again, start);
      return result;
    },
  ),
);

/** One to four changes to a copy. */
export const damage: fc.Arbitrary<Damage> = fc.array(change, { minLength: 1, maxLength: 4 }).map(
  (changes) => (bytes: Uint8Array) => {
    let damaged: Uint8Array = bytes.slice();
    for (const apply of changes) if (damaged.length > 0) damaged = apply(damaged);
    return damaged;
  },
);

/** The result, or the complaint if there was one; every other error is a bug. */
export function resultOrComplaint<Result>(run: () => Result): Result | Complaint {
  try {
    return run();
  } catch (error) {
    if (error instanceof Complaint) return error;
    throw error;
  }
}
