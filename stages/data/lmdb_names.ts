/** How UNITER's scripts name the files of an image database, by the choice of regions they hold. */
import type { RegionChoice } from "./region_rows.ts";

/**
 * The sets of files that can hold an image database, the preferred one first: `feat_…` with its list
 * of counts, or `all` regions without one; LMDB of msgpack, or `_compressed` (LMDB of npz).
 */
export function lmdbFileSets({ conf_th, max_bb, min_bb, num_bb }: RegionChoice): string[][] {
  const chosen = `th${conf_th}_max${max_bb}_min${min_bb}`;
  const both = (folder: string) => [`${folder}/data.mdb`, `${folder}_compressed/data.mdb`];
  if (conf_th === -1) return both(`feat_numbb${num_bb}`).map((file) => [file]);
  return [
    ...both(`feat_${chosen}`).map((file) => [file, `nbb_${chosen}.json`]),
    ...both("all").map((file) => [file]),
  ];
}
