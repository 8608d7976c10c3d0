/**
 * Maps of arrays as msgpack-numpy writes them: each array is a map with the binary keys nd (true), type
 * ("<f2"), kind (empty), shape and data (C order).
 */
import type { Wrong } from "./foreign_file.ts";
import { decodeMsgpack, type MsgpackMap, type MsgpackValue } from "./msgpack.ts";
import { type NumpyArray, numpyArray } from "./numpy_array.ts";

/** The named ones of an entry's arrays; a name that is not there is not in the result. */
export function readNumpyMap(
  bytes: Uint8Array,
  { names, wrong }: { readonly names: readonly string[]; readonly wrong: Wrong },
): Map<string, NumpyArray> {
  const entry = decodeMsgpack(bytes, wrong);
  if (!(entry instanceof Map)) throw wrong("this is no msgpack map of arrays");
  const arrays = new Map<string, NumpyArray>();
  for (const name of names) {
    const value = entry.get(name);
    if (value !== undefined) arrays.set(name, toArray(value, (what) => wrong(`${name}: ${what}`)));
  }
  return arrays;
}

function toArray(value: MsgpackValue, wrong: Wrong): NumpyArray {
  const map: MsgpackMap = value instanceof Map ? value : new Map();
  const shape = map.get("shape"), data = map.get("data"), kind = map.get("kind");
  const plain = kind instanceof Uint8Array ? kind.length === 0 : kind === "";
  if (map.get("nd") !== true || !plain || !Array.isArray(shape) || !(data instanceof Uint8Array)) {
    throw wrong("this is no array of numbers as msgpack-numpy writes them");
  }
  return numpyArray({ type: map.get("type"), shape, data }, wrong);
}
