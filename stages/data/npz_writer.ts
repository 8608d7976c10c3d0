/** Numpy arrays as files: .npy of version 1, and .npz of such members, stored. */
import { joinBytes } from "./join_bytes.ts";
import type { NumpyArray } from "./numpy_array.ts";
import { storedZip } from "./stored_zip.ts";

/** The archive of these arrays. */
export function npzBytes(arrays: ReadonlyMap<string, NumpyArray>): Uint8Array {
  const members = [...arrays].map(([name, array]) => [`${name}.npy`, npyBytes(array)] as const);
  return joinBytes([...storedZip(members, { alignment: 64 })]);
}

function npyBytes({ type, shape, data }: NumpyArray): Uint8Array {
  const sides = shape.map((side) => `${side},`).join(" ");
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`;
  const start = 10; // magic, version, length of the header
  const padded = header.padEnd(Math.ceil((start + header.length + 1) / 64) * 64 - start - 1);
  const text = new TextEncoder().encode(`${padded}\n`);
  const magic = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0); // "\x93NUMPY", 1.0
  return joinBytes([magic, Uint8Array.of(text.length & 255, text.length >> 8), text, data]);
}
