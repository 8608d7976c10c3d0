/** numpy arrays: a type, a shape and the bytes in C order, little-endian. */
import { floatOfHalf } from "./float_formats.ts";
import type { Wrong } from "./foreign_file.ts";

export interface NumpyArray {
  /** numpy's `dtype.str`: "<f2", "<i8", "|b1". */
  readonly type: string;
  readonly shape: readonly number[];
  /** Row-major; a view of the file's bytes, which may be unaligned. */
  readonly data: Uint8Array;
}

/** Bytes per item of the supported types; everything else, in particular objects, is rejected. */
const itemSizes: ReadonlyMap<string, number> = new Map(
  [..."|b1 |i1 |u1 <i2 <u2 <f2 <i4 <u4 <f4 <i8 <u8 <f8".split(" ")].map((type) =>
    [type, Number(type[2])] as const
  ),
);

/** Checks that the number of bytes matches type and shape. */
export function numpyArray(
  { type, shape, data }: { type: unknown; shape: readonly unknown[]; data: Uint8Array },
  wrong: Wrong,
): NumpyArray {
  const itemSize = typeof type === "string" ? itemSizes.get(type) : undefined;
  if (typeof type !== "string" || itemSize === undefined) {
    throw wrong(`the type ${JSON.stringify(type)} is not supported; save numbers, little-endian`);
  }
  const sides = shape.map((side) => {
    if (!Number.isSafeInteger(side) || (side as number) < 0) throw wrong("its shape is invalid");
    return side as number;
  });
  const count = sides.reduce((product, side) => product * side, 1);
  if (sides.length > 32 || count * itemSize !== data.length) {
    throw wrong(`${data.length} bytes do not match an array [${sides.slice(0, 32)}] of ${type}`);
  }
  return { type, shape: sides, data };
}

/** The first `rows` rows of an array of float16 or float32 as float32. Non-finite numbers are rejected. */
export function floatRows(
  { type, shape, data }: NumpyArray,
  { rows, wrong }: { readonly rows: number; readonly wrong: Wrong },
): Float32Array {
  const perRow = shape.slice(1).reduce((product, side) => product * side, 1);
  const count = rows * perRow;
  if (type !== "<f2" && type !== "<f4") {
    throw wrong(`its type is ${type}; save float16 or float32`);
  }
  const result = new Float32Array(count);
  const finite = type === "<f2"
    ? widen(aligned(data, { count, bytesEach: 2 }), result)
    : copyFloats(aligned(data, { count, bytesEach: 4 }), result);
  if (!finite) {
    const place = result.findIndex((value) => !Number.isFinite(value));
    throw wrong(
      `row ${Math.floor(place / perRow)} has ${result[place]} in column ${place % perRow}`,
    );
  }
  return result;
}

/** The first `rows` rows of an array of float16 as they are stored. Non-finite numbers are rejected. */
export function halfRows(
  { shape, data }: NumpyArray & { readonly type: "<f2" },
  { rows, wrong }: { readonly rows: number; readonly wrong: Wrong },
): Uint16Array {
  const perRow = shape.slice(1).reduce((product, side) => product * side, 1);
  const count = rows * perRow;
  const { buffer, byteOffset } = aligned(data, { count, bytesEach: 2 });
  const halves = new Uint16Array(buffer, byteOffset, count);
  if (!allFinite(halves)) {
    const place = halves.findIndex((half) => !isFinite(floatOfHalf[half]!));
    const value = floatOfHalf[halves[place]!];
    throw wrong(`row ${Math.floor(place / perRow)} has ${value} in column ${place % perRow}`);
  }
  return halves;
}

/** Whether all float16 are finite; most of them are checked two at once. */
function allFinite(halves: Uint16Array): boolean {
  const odd = halves.byteOffset / 2 % 2;
  const words = Math.max(0, Math.floor((halves.length - odd) / 2));
  const pairs = new Uint32Array(halves.buffer, halves.byteOffset + 2 * odd, words);
  let carry = 0;
  // A carry reaches bit 15 or 31 when the exponent in the bits below is all ones.
  for (let index = 0; index < words; index++) {
    carry |= ((pairs[index]! & 0x7c007c00) + 0x04000400) & 0x80008000;
  }
  if (carry !== 0) return false;
  const ends = [halves[0], halves.at(-1)];
  return ends.every((half) => half === undefined || isFinite(floatOfHalf[half]!));
}

/** The bytes of the first items, copied if they are not aligned for a typed array. */
function aligned(data: Uint8Array, { count, bytesEach }: { count: number; bytesEach: number }) {
  const used = data.subarray(0, count * bytesEach);
  return used.byteOffset % bytesEach === 0 ? used : new Uint8Array(used);
}

/** float16 to float32 by a table of all 65,536 values. Returns whether all are finite. */
function widen(bytes: Uint8Array, into: Float32Array): boolean {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const table = floatOfHalf;
  let carry = 0;
  for (let index = 0; index < halves.length; index++) {
    const half = halves[index]!;
    into[index] = table[half]!;
    carry |= (half & 0x7fff) + 0x0400; // reaches bit 15 when the exponent is all ones
  }
  return (carry & 0x8000) === 0;
}

/** Returns whether all are finite. */
function copyFloats(bytes: Uint8Array, into: Float32Array): boolean {
  into.set(new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
  const words = new Uint32Array(into.buffer);
  let carry = 0;
  for (let index = 0; index < words.length; index++) {
    carry |= ((words[index]! >>> 16) & 0x7fff) + 0x0080; // bit 15: the exponent is all ones
  }
  return (carry & 0x8000) === 0;
}
