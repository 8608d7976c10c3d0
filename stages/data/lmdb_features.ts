/**
 * Region features as UNITER's scripts store them in a folder: `feat_…` or, without counts on record,
 * `all` (LMDB of msgpack-numpy), each also as `…_compressed` (LMDB of npz bytes), beside
 * `nbb_th…_max…_min….json` (image -> number of regions).
 */
import { type Wrong, wrongIn } from "./foreign_file.ts";
import type { ImageDatabase } from "./image_database.ts";
import { readOrderedObject } from "./json_order.ts";
import { openLmdb } from "./lmdb.ts";
import { readNumpyMap } from "./msgpack_numpy.ts";
import { readNpz } from "./npz.ts";
import { filesOf, lmdbChoices } from "./lmdb_names.ts";
import { regionArrays, type RegionChoice, regionRows, softLabels } from "./region_rows.ts";

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
