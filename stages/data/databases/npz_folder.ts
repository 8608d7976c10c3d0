/** Region features as a folder with one .npz per image, named after the image. */
import { openBytes } from "../formats/byte_source.ts";
import { decoding, wrongIn } from "../formats/foreign_file.ts";
import { readNpz } from "../formats/npz.ts";
import type { ImageDatabase, RegionChoice } from "./image_database.ts";
import { halfRegionRows, regionArrays, regionRows, softLabels } from "./region_rows.ts";

/** Undefined if the folder has no .npz file. */
export function openNpzFolder(folder: string, choice: RegionChoice): ImageDatabase | undefined {
  const entries = decoding(wrongIn(folder), "the folder cannot be read", () => [
    ...Deno.readDirSync(folder),
  ]);
  const names = entries.filter(({ name, isDirectory }) => !isDirectory && name.endsWith(".npz"))
    .map(({ name }) => name).sort();
  if (names.length === 0) return undefined;
  const known = new Set(names);
  const entry = (image: string, names: readonly string[]) => {
    if (!known.has(image)) throw wrongIn(folder, { entry: image })("image not found");
    const file = `${folder}/${image}`;
    const wrong = wrongIn(file);
    return { arrays: readNpz(readWhole(file), { names, wrong }), wrong };
  };
  const regionsOf = (image: string) => {
    const { arrays, wrong } = entry(image, regionArrays);
    return [arrays, { choice, wrong }] as const;
  };
  return {
    place: folder,
    format: "npz",
    names: () => names,
    read: (image) => regionRows(...regionsOf(image)),
    readHalves: (image) => halfRegionRows(...regionsOf(image)),
    classes(image, count) {
      const { arrays, wrong } = entry(image, ["soft_labels"]);
      return softLabels(arrays, { count, wrong });
    },
    [Symbol.dispose]: () => {},
  };
}

/** Largest file that is accepted, in bytes: published ones have less than 2 MB. */
const LARGEST_FILE = 2 ** 28;

function readWhole(file: string): Uint8Array {
  using source = openBytes(file);
  if (source.size > LARGEST_FILE) {
    throw wrongIn(file)(`it has ${source.size} bytes, too many for one image`);
  }
  const bytes = new Uint8Array(source.size);
  source.read(0, bytes);
  return bytes;
}
