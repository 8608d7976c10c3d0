/** How UNITER's scripts name the files of an image database, by the choice of regions they hold. */
import type { RegionChoice } from "./image_database.ts";

/** One way in which a folder can hold an image database. */
export interface LmdbFiles {
  /** LMDB folder, below the database's. */
  readonly folder: string;
  /** Values are npz, not msgpack-numpy. */
  readonly compressed: boolean;
  /** List of how many regions of each image count, beside the LMDB folder. */
  readonly counts: string | undefined;
}

/**
 * The preferred one first: `feat_…` with its list of counts, or `all` regions without one; LMDB of
 * msgpack, which is faster, or `_compressed` (LMDB of npz).
 */
export function lmdbChoices({ conf_th, max_bb, min_bb, num_bb }: RegionChoice): LmdbFiles[] {
  const both = (folder: string, counts?: string): LmdbFiles[] => [
    { folder, compressed: false, counts },
    { folder: `${folder}_compressed`, compressed: true, counts },
  ];
  if (conf_th === -1) return both(`feat_numbb${num_bb}`);
  const chosen = `th${conf_th}_max${max_bb}_min${min_bb}`;
  return [...both(`feat_${chosen}`, `nbb_${chosen}.json`), ...both("all")];
}

/** The files of one way, below the database's folder. */
export function filesOf({ folder, counts }: LmdbFiles): string[] {
  return [`${folder}/data.mdb`, ...(counts === undefined ? [] : [counts])];
}
