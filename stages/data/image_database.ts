/** Region features in any of the published formats, behind one way to read them. */
import { wrongIn } from "./foreign_file.ts";
import { openLmdbFeatures } from "./lmdb_features.ts";
import type { ImageRegions, RegionChoice } from "./region_rows.ts";

export type { ImageRegions, RegionChoice } from "./region_rows.ts";

export interface ImageDatabase extends Disposable {
  readonly place: string;
  readonly format: "lmdb" | "lmdb_compressed" | "npz" | "tsv";
  names(): readonly string[];
  has(image: string): boolean;
  read(image: string): ImageRegions;
}

/**
 * `place`: a folder with UNITER's LMDB folders, a folder of .npz files, or a bottom-up-attention .tsv.
 *
 * @throws {Complaint} when there is nothing of the kind
 */
export function openImageDatabase(place: string, choice: RegionChoice): ImageDatabase {
  const lmdb = openLmdbFeatures(place, choice);
  if (lmdb !== undefined) return lmdb;
  throw wrongIn(place)("there are no features");
}
