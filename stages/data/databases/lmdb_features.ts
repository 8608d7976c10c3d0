/**
 * Region features as UNITER's scripts store them in a folder: `feat_…` or, without counts on record,
 * `all` (LMDB of msgpack-numpy), each also as `…_compressed` (LMDB of npz bytes), beside
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
import { regionArrays, regionRows, softLabels } from "./region_rows.ts";

/** Names the list of an image database's own; no image. */
const LIST_KEY = "__keys__";

/** Undefined when the folder has no such LMDB. The uncompressed one is preferred: it is faster. */
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
    if (bytes === undefined) throw wrong("there is no such image");
    return decode(bytes, { names, wrong });
  };
  return {
    place,
    format: compressed ? "lmdb_compressed" : "lmdb",
    names: () => names,
    has: (image) => known.has(image),
    read(image) {
      const wrong = wrongIn(lmdb.file, { entry: image });
      const arrays = arraysOf(image, regionArrays, wrong);
      if (stored !== undefined && !stored.has(image)) throw wrong(`${counts} has no count of it`);
      return regionRows(arrays, { stored: stored?.get(image), choice, wrong });
    },
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
      throw wrongIn(file, { entry: image })(`${JSON.stringify(count)} is no number of regions`);
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
