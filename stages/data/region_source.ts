/**
 * The regions of a feature set: all in memory, or in published databases from which each image is read on
 * demand.
 */
import * as v from "valibot";
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { ImageDatabase, ImageRegions } from "./databases/image_database.ts";
import { openImageDatabase } from "./databases/open_image_database.ts";
import { natural, readLines } from "./formats/json_lines.ts";

export interface RegionSource extends Disposable {
  /** Numbers per region. */
  readonly featureDim: number;
  /** @param image index in `FeatureSet.images` */
  read(image: number): RegionRows;
  /**
   * Like `read`, with the features in float16, if that is how they are stored.
   * @param image index in `FeatureSet.images`
   */
  readHalves?(image: number): HalfRegionRows | undefined;
  /**
   * Class probabilities of an image's regions, [region, class], if a published database has them.
   * @param image index in `FeatureSet.images`
   */
  classes?(image: number): Float32Array | undefined;
}

/** The regions of one image, row-major. */
export interface RegionRows {
  /** [region, featureDim] */
  readonly features: Float32Array;
  /** [region, 7]: x1, y1, x2, y2, width, height, area, as fractions of the image. */
  readonly boxes: Float32Array;
}

/** The regions of one image with float16 features, as their bits. */
export interface HalfRegionRows extends Pick<RegionRows, "boxes"> {
  readonly features: Uint16Array;
}

/** An image, and where its regions are. */
interface SourceImage {
  readonly id: string;
  readonly regions: number;
  /** Index of its first row, if all rows are in one table. */
  readonly offset?: number | undefined;
  /** Index of its database in databases.jsonl, if it is in one. */
  readonly database?: number | undefined;
  /** Its name in the database, where that is not its id. */
  readonly entry?: string | undefined;
}

/** Regions in tables with the rows of one image after another. */
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

/** A line of databases.jsonl: a database, and which of its regions are used. */
const databaseSchema = v.object({
  /** Role of the file or folder in the stage that imported it. */
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
 * Regions in the databases that an artifact refers to.
 * @param files role -> absolute path
 */
export async function regionDatabases(
  { folder, files }: { readonly folder: string; readonly files: Readonly<Record<string, string>> },
  images: readonly SourceImage[],
): Promise<RegionSource> {
  const lines = await readLines(`${folder}/databases.jsonl`, databaseSchema);
  const [first] = lines;
  if (first === undefined) throw inconsistent(folder, "it lists no database");
  const open: (ImageDatabase | undefined)[] = [];
  const databaseOf = (place: number): ImageDatabase => {
    const line = lines[place];
    const path = line && files[line.role];
    if (path === undefined) throw inconsistent(folder, `database ${place} does not exist`);
    return open[place] ??= openImageDatabase(path, line!, line!.format);
  };
  type Found = Pick<ImageRegions, "count" | "featureDim">;
  const requireUnchanged = (image: number, { count, featureDim }: Found) => {
    const { id, regions, database } = images[image]!;
    if (count === regions && featureDim === first.feature_dim) return;
    throw new Complaint(
      `\`${id}\` has ${count} regions of ${featureDim} numbers; ` +
        `it had ${regions} of ${first.feature_dim} when the features were imported`,
      "do not change published files while an experiment runs, and run it again",
      { place: { file: databaseOf(database ?? 0).place }, exitCode: 1 },
    );
  };
  return {
    featureDim: first.feature_dim,
    read(image) {
      const { id, database, entry = id } = images[image]!;
      const found = databaseOf(database ?? 0).read(entry);
      requireUnchanged(image, found);
      return { features: found.features, boxes: found.boxes };
    },
    readHalves(image) {
      const { id, database, entry = id } = images[image]!;
      const found = databaseOf(database ?? 0).readHalves?.(entry);
      if (found === undefined) return undefined;
      requireUnchanged(image, found);
      return { features: found.features, boxes: found.boxes };
    },
    classes(image) {
      const { id, regions, database, entry = id } = images[image]!;
      return databaseOf(database ?? 0).classes?.(entry, regions);
    },
    [Symbol.dispose]() {
      for (const database of open) database?.[Symbol.dispose]();
    },
  };
}

function inconsistent(folder: string, what: string): Complaint {
  return new Complaint(
    `the features are inconsistent: ${what}`,
    "extract the features again, or use another features artifact",
    { place: { file: `${folder}/databases.jsonl` }, exitCode: 1 },
  );
}
