/**
 * Where the regions of a feature set lie: all of them in memory, or in a published database from
 * which each image is read when it is needed.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { ImageDatabase } from "./databases/image_database.ts";
import { openImageDatabase } from "./databases/open_image_database.ts";
import { readLines } from "./formats/json_lines.ts";

export interface RegionSource extends Disposable {
  /** Width of a descriptor. */
  readonly featureDim: number;
  /** @param image place in `FeatureSet.images` */
  read(image: number): RegionRows;
  /**
   * What the regions of an image show, [region, class], where a published database says so.
   * @param image place in `FeatureSet.images`
   */
  classes?(image: number): Float32Array | undefined;
}

/** The regions of one image, row-major. */
export interface RegionRows {
  /** [region, featureDim] */
  readonly features: Float32Array;
  /** [region, 7]: x1, y1, x2, y2, width, height, area, as parts of the picture. */
  readonly boxes: Float32Array;
}

/** An image as a source knows it. */
interface SourceImage {
  readonly id: string;
  readonly regions: number;
  /** First of its rows, where all rows lie in one table. */
  readonly offset?: number | undefined;
  /** Place of its database in databases.jsonl, where it lies in one. */
  readonly database?: number | undefined;
}

/** Tables of all images' rows, one image after another. */
export function regionTables(
  { features, boxes, featureDim }: RegionRows & { readonly featureDim: number },
  images: readonly SourceImage[],
): RegionSource {
  return {
    featureDim,
    read(image) {
      const { offset = 0, regions } = images[image]!;
      const rows = (table: Float32Array, width: number) =>
        table.subarray(offset * width, (offset + regions) * width);
      return { features: rows(features, featureDim), boxes: rows(boxes, 7) };
    },
    [Symbol.dispose]() {},
  };
}

const natural = v.pipe(v.number(), v.integer(), v.minValue(0));

/** One line of databases.jsonl: which database, and which of its regions count. */
const databaseSchema = v.object({
  /** Under which the stage that read it knows its place. */
  role: v.string(),
  conf_th: v.number(),
  max_bb: natural,
  min_bb: natural,
  num_bb: natural,
  format: v.picklist(["lmdb", "npz", "tsv"]),
  feature_dim: v.pipe(natural, v.minValue(1)),
});

export type DatabaseLine = v.InferOutput<typeof databaseSchema>;

/**
 * The databases that an artifact refers to.
 * @param files role -> absolute path
 */
export async function regionDatabases(
  { folder, files }: { readonly folder: string; readonly files: Readonly<Record<string, string>> },
  images: readonly SourceImage[],
): Promise<RegionSource> {
  const lines = await readLines(`${folder}/databases.jsonl`, databaseSchema);
  const [first] = lines;
  if (first === undefined) throw misfit(folder, "it names no database");
  const open: (ImageDatabase | undefined)[] = [];
  const databaseOf = (place: number): ImageDatabase => {
    const line = lines[place];
    const path = line && files[line.role];
    if (path === undefined) throw misfit(folder, `there is no database ${place}`);
    return open[place] ??= openImageDatabase(path, line!, line!.format);
  };
  return {
    featureDim: first.feature_dim,
    read(image) {
      const { id, regions, database } = images[image]!;
      const { features, boxes, count, featureDim } = databaseOf(database ?? 0).read(id);
      if (count !== regions || featureDim !== first.feature_dim) {
        throw new Complaint(
          `\`${id}\` has ${count} regions of ${featureDim} numbers; ` +
            `${regions} of ${first.feature_dim} were there when the features were taken over`,
          "leave published files as they are while an experiment runs, and run it again",
          { place: { file: databaseOf(database ?? 0).place }, exitCode: 1 },
        );
      }
      return { features, boxes };
    },
    classes(image) {
      const { id, regions, database } = images[image]!;
      return databaseOf(database ?? 0).classes?.(id, regions);
    },
    [Symbol.dispose]() {
      for (const database of open) database?.[Symbol.dispose]();
    },
  };
}

function misfit(folder: string, what: string): Complaint {
  return new Complaint(
    `features do not fit together: ${what}`,
    "make the features again, or name another features artifact",
    { place: { file: `${folder}/databases.jsonl` }, exitCode: 1 },
  );
}
