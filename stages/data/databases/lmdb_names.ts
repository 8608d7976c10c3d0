/** File names that UNITER's scripts give an image database, which depend on the choice of regions. */
import type { RegionChoice } from "./image_database.ts";

/** One form in which a folder can contain an image database. */
export interface LmdbFiles {
  /** LMDB folder, relative to the database's folder. */
  readonly folder: string;
  /** Values are npz instead of msgpack-numpy. */
  readonly compressed: boolean;
  /** JSON file with the number of regions used per image, next to the LMDB folder. */
  readonly counts: string | undefined;
}

/**
 * All forms, preferred ones first: `feat_…` with its counts before `all` regions without counts; LMDB of
 * msgpack, which is faster, before `_compressed` (LMDB of npz).
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

/** Required files of a form, relative to the database's folder. */
export function filesOf({ folder, counts }: LmdbFiles): string[] {
  return [`${folder}/data.mdb`, ...(counts === undefined ? [] : [counts])];
}
