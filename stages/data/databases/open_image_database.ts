/** Opens a database of region features in any of the published formats. */
import { decoding, wrongIn } from "../formats/foreign_file.ts";
import { openBottomUpTsv } from "./bottom_up_tsv.ts";
import type { ImageDatabase, PublishedFormat, RegionChoice } from "./image_database.ts";
import { openLmdbFeatures } from "./lmdb_features.ts";
import { filesOf, lmdbChoices } from "./lmdb_names.ts";
import { openNpzFolder } from "./npz_folder.ts";

/**
 * @param place a folder with UNITER's LMDB folders, a folder of .npz files, or a bottom-up-attention table
 * @param format if omitted, it is detected
 * @throws {Complaint} when there is no such database, or it is damaged
 */
export function openImageDatabase(
  place: string,
  choice: RegionChoice,
  format?: PublishedFormat,
): ImageDatabase {
  const { isDirectory } = decoding(
    wrongIn(place, { fix: "check the path" }),
    "the image database cannot be opened",
    () => Deno.statSync(place),
  );
  if (!isDirectory) {
    if (format === undefined || format === "tsv") return openBottomUpTsv(place, choice);
    throw wrongIn(place, { fix: "name a folder, or set `format: tsv`" })(
      "this is a file, not a folder",
    );
  }
  const found = (format === "npz" ? undefined : openLmdbFeatures(place, choice)) ??
    (format === "lmdb" ? undefined : openNpzFolder(place, choice));
  if (found !== undefined) return found;
  const wanted = lmdbChoices(choice).map((files) => filesOf(files).join(" with "));
  const there = [...Deno.readDirSync(place)].map(({ name }) => name).sort().slice(0, 8);
  throw wrongIn(place, {
    fix: there.includes("data.mdb")
      ? "name the parent folder: the counts of regions are next to the LMDB's folder"
      : "name a folder that contains one of them, or set the thresholds with which its features were made",
  })(
    `no features found: neither ${wanted.join("; ")} nor .npz files; the folder contains ${
      there.join(", ") || "nothing"
    }`,
  );
}
