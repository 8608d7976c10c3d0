/** Region features in any of the published formats, behind one way to read them. */
import { decoding, wrongIn } from "../formats/foreign_file.ts";
import { openBottomUpTsv } from "./bottom_up_tsv.ts";
import type { ImageDatabase, PublishedFormat, RegionChoice } from "./image_database.ts";
import { openLmdbFeatures } from "./lmdb_features.ts";
import { filesOf, lmdbChoices } from "./lmdb_names.ts";
import { openNpzFolder } from "./npz_folder.ts";

/**
 * `place`: a folder with UNITER's LMDB folders, a folder of .npz files, or a bottom-up-attention table.
 *
 * @param format of what is there; without it, whatever is found
 * @throws {Complaint} when there is nothing of the kind, or it is damaged
 */
export function openImageDatabase(
  place: string,
  choice: RegionChoice,
  format?: PublishedFormat,
): ImageDatabase {
  const { isDirectory } = decoding(
    wrongIn(place, { fix: "check the path" }),
    "there is no database of images",
    () => Deno.statSync(place),
  );
  if (!isDirectory) {
    if (format === undefined || format === "tsv") return openBottomUpTsv(place, choice);
    throw wrongIn(place, { fix: "name a folder, or say `format: tsv`" })(
      "this is a file, no folder",
    );
  }
  const found = (format === "npz" ? undefined : openLmdbFeatures(place, choice)) ??
    (format === "lmdb" ? undefined : openNpzFolder(place, choice));
  if (found !== undefined) return found;
  const wanted = lmdbChoices(choice).map((files) => filesOf(files).join(" with "));
  const there = [...Deno.readDirSync(place)].map(({ name }) => name).sort().slice(0, 8);
  throw wrongIn(place, {
    fix: there.includes("data.mdb")
      ? "name the folder above: counts of regions are beside the LMDB's folder"
      : "name the folder that has one of them, or choose the thresholds that its features have",
  })(
    `there are no features: none of ${wanted.join("; ")}; and no .npz, but ${
      there.join(", ") || "nothing"
    }`,
  );
}
