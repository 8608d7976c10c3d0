/**
 * Region features as UNITER's scripts store them in a folder: `feat_…`, or `all` where no counts were
 * recorded (LMDB of msgpack-numpy), each also as `…_compressed` (LMDB of npz bytes), next to
 * `nbb_th…_max…_min….json` (image -> number of regions).
 */
import { type Wrong, wrongIn } from "../formats/foreign_file.ts";
import { readOrderedObject } from "../formats/json_order.ts";
import { openLmdb } from "../formats/lmdb.ts";
import { decodeMsgpack, type MsgpackMap, type MsgpackValue } from "../formats/msgpack.ts";
import { readNpz } from "../formats/npz.ts";
import { type NumpyArray, numpyArray } from "../formats/numpy_array.ts";
import type { ImageDatabase, RegionChoice } from "./image_database.ts";
import { filesOf, lmdbChoices } from "./lmdb_names.ts";
import { halfRegionRows, regionArrays, regionRows, softLabels } from "./region_rows.ts";

/** Key of the database's own list of names; not an image. */
const LIST_KEY = "__keys__";

/** Undefined if the folder has no such LMDB. Prefers the uncompressed one, which is faster. */
export function openLmdbFeatures(place: string, choice: RegionChoice): ImageDatabase | undefined {
  const files = lmdbChoices(choice)
    .find((files) => filesOf(files).every((name) => exists(`${place}/${name}`)));
  if (files === undefined) return undefined;
  const { folder, compressed, counts } = files;
  const stored = counts === undefined ? undefined : readCounts(`${place}/${counts}`);
  const lmdb = openLmdb(`${place}/${folder}`);
  let names: string[];
  try {
    names = [...lmdb.keys()].filter((key) => key !== LIST_KEY);
  } catch (error) {
    lmdb[Symbol.dispose]();
    throw error;
  }
  const known = new Set(names);
  const decode = compressed ? readNpz : readNumpyMap;
  const arraysOf = (image: string, names: readonly string[], wrong: Wrong) => {
    const bytes = known.has(image) ? lmdb.get(image) : undefined;
    if (bytes === undefined) throw wrong("image not found");
    return decode(bytes, { names, wrong });
  };
  const entryOf = (image: string) => {
    const wrong = wrongIn(lmdb.file, { entry: image });
    const arrays = arraysOf(image, regionArrays, wrong);
    if (stored !== undefined && !stored.has(image)) throw wrong(`${counts} has no count for it`);
    return [arrays, { stored: stored?.get(image), choice, wrong }] as const;
  };
  return {
    place,
    format: compressed ? "lmdb_compressed" : "lmdb",
    names: () => names,
    read: (image) => regionRows(...entryOf(image)),
    readHalves: (image) => halfRegionRows(...entryOf(image)),
    classes(image, count) {
      const wrong = wrongIn(lmdb.file, { entry: image });
      return softLabels(arraysOf(image, ["soft_labels"], wrong), { count, wrong });
    },
    [Symbol.dispose]: () => lmdb[Symbol.dispose](),
  };
}

function readCounts(file: string): Map<string, number> {
  const counts = readOrderedObject(file);
  for (const [image, count] of counts) {
    if (!Number.isSafeInteger(count) || (count as number) < 1) {
      throw wrongIn(file, { entry: image })(`${JSON.stringify(count)} is not a number of regions`);
    }
  }
  return counts as Map<string, number>;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * The named arrays of a msgpack-numpy map; missing names are absent from the result. Each array is a map with
 * the binary keys nd (true), type ("<f2"), kind (empty), shape and data (C order).
 */
export function readNumpyMap(
  bytes: Uint8Array,
  { names, wrong }: { readonly names: readonly string[]; readonly wrong: Wrong },
): Map<string, NumpyArray> {
  const entry = decodeMsgpack(bytes, wrong);
  if (!(entry instanceof Map)) throw wrong("this is not a msgpack map of arrays");
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
    throw wrong("this is not an array of numbers in msgpack-numpy's form");
  }
  return numpyArray({ type: map.get("type"), shape, data }, wrong);
}
