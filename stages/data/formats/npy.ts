/**
 * Reads and writes numpy's .npy: a Python dictionary of type, order and shape as text, then the numbers.
 * The dictionary is parsed with a regular expression, never evaluated; arrays of objects (pickles) are
 * rejected.
 */
import { joinBytes } from "./byte_source.ts";
import type { Wrong } from "./foreign_file.ts";
import { type NumpyArray, numpyArray } from "./numpy_array.ts";

/** "\x93NUMPY" */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Reads versions 1 to 3 of the format. */
export function parseNpy(bytes: Uint8Array, wrong: Wrong): NumpyArray {
  const version = bytes[6] ?? 0;
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  if (bytes.length < start || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw wrong("this is not a .npy file");
  }
  if (version < 1 || version > 3) throw wrong(`.npy version ${version} is not supported`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = lengthBytes === 2 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > Math.min(LONGEST_HEADER, bytes.length - start)) {
    throw wrong(`its .npy header claims ${length} bytes`);
  }
  const header = String.fromCharCode(...bytes.subarray(start, start + length));
  const found = HEADER.exec(header)?.groups;
  const keys = header.match(/'(descr|fortran_order|shape)' *:/g) ?? [];
  if (found === undefined || new Set(keys).size !== 3) {
    throw wrong(
      `its .npy header does not describe an array of numbers: ${
        JSON.stringify(header.trim().slice(0, 80))
      }`,
    );
  }
  const { type, order, shape } = found as Record<string, string>;
  const sides = (shape ?? "").split(",").map((side) => side.trim().replace("L", "")).filter((
    side,
  ) => side !== "");
  if (order === "True" && sides.length > 1) {
    throw wrong(
      "it is stored in column-major order (fortran_order); save numpy.ascontiguousarray of it",
    );
  }
  return numpyArray(
    { type, shape: sides.map(Number), data: bytes.subarray(start + length) },
    wrong,
  );
}

const LONGEST_HEADER = 4096;

/** {'descr': '<f2', 'fortran_order': False, 'shape': (36, 2048), } in numpy's key order; Python 2 writes 36L. */
const HEADER =
  /^\{ *'descr' *: *'(?<type>[<>|=]?\w+)' *, *'fortran_order' *: *(?<order>True|False) *, *'shape' *: *\((?<shape>(?: *\d+L? *,)* *(?:\d+L?)? *)\) *,? *\} *\n?$/;

/** A file of version 1. */
export function npyBytes({ type, shape, data }: NumpyArray): Uint8Array {
  const sides = shape.map((side) => `${side},`).join(" ");
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`;
  const start = 10; // magic, version, length of the header
  const padded = header.padEnd(Math.ceil((start + header.length + 1) / 64) * 64 - start - 1);
  const text = new TextEncoder().encode(`${padded}\n`);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0); // "\x93NUMPY", 1.0
  return joinBytes([magic, Uint8Array.of(text.length & 255, text.length >> 8), text, data]);
}
