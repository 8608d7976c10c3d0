/**
 * Classes of regions, if the features have them: `soft_labels` of a published database, or tensor `classes` of
 * `regions.safetensors`, as probabilities, F32 [region, class], or as one class per region, I32 [region].
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet, FeaturesPlace } from "./feature_set.ts";
import { readSafetensors } from "./formats/safetensors.ts";

export interface RegionClasses {
  /** Number of classes. */
  readonly count: number;
  /**
   * Class probabilities of one region, [count], summing to 1.
   * @param image index in `FeatureSet.images` @param region index in the image
   */
  read(image: number, region: number): Float32Array;
}

/** The parts of a feature set that are needed. */
export interface ClassedRegions extends Pick<FeatureSet, "images"> {
  readonly regions: Pick<FeatureSet["regions"], "classes">;
}

/** @throws {Complaint} when there are none, or they do not match the regions */
export async function readRegionClasses(
  place: Pick<FeaturesPlace, "folder">,
  features: ClassedRegions,
): Promise<RegionClasses> {
  const classes = await regionClassesIfAny(place, features);
  if (classes !== undefined) return classes;
  throw new Complaint(
    "the task `masked_region_classes` needs classes of regions, which the features do not have",
    "remove `masked_region_classes` from `tasks`, or use features with classes: published ones with " +
      "`soft_labels`, or photos with a detector and `detection.classes`",
    { place: { file: place.folder }, exitCode: 1 },
  );
}

/** Undefined if the features have no classes. @throws {Complaint} when they do not match the regions */
export async function regionClassesIfAny(
  { folder }: Pick<FeaturesPlace, "folder">,
  { images, regions: source }: ClassedRegions,
): Promise<RegionClasses | undefined> {
  if (source.classes?.(0) !== undefined) {
    return publishedClasses(folder, { images, regions: source });
  }
  const file = `${folder}/regions.safetensors`;
  const tensor = (await readSafetensors(file).catch(() => undefined))?.get("classes");
  if (tensor === undefined) return undefined;
  let rows = 0;
  const firstRow = images.map(({ regions }) => (rows += regions) - regions);
  const { data, shape } = tensor;
  const mismatch = (found: string) =>
    new Complaint(
      `tensor \`classes\` ${found}`,
      `store it as F32 [${rows}, classes] of probabilities, or as I32 [${rows}] of class numbers from 0`,
      { place: { file }, exitCode: 1 },
    );
  if (shape[0] !== rows) {
    throw mismatch(`is ${tensor.dtype} [${shape}], but the images have ${rows} regions in total`);
  }
  if (data instanceof Int32Array && shape.length === 1) {
    const invalid = data.findIndex((one) => one < 0 || one >= mostClasses);
    if (invalid >= 0) throw mismatch(`has ${data[invalid]} in row ${invalid}`);
    const count = data.reduce((most, one) => Math.max(most, one), 0) + 1;
    return {
      count,
      read(image, region) {
        const probabilities = new Float32Array(count);
        probabilities[data[firstRow[image]! + region]!] = 1;
        return probabilities;
      },
    };
  }
  const [, count = 0] = shape;
  if (!(data instanceof Float32Array) || shape.length !== 2 || count === 0) {
    throw mismatch(`is ${tensor.dtype} [${shape}]`);
  }
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * count, (row + 1) * count);
    if (isDistribution(own)) continue;
    throw mismatch(`has no probability distribution in row ${row}: it sums to ${sumOf(own)}`);
  }
  return {
    count,
    read: (image, region) => {
      const row = firstRow[image]! + region;
      return data.subarray(row * count, (row + 1) * count);
    },
  };
}

/** Read on demand, image by image: all together are as large as the features. */
function publishedClasses(folder: string, { images, regions }: ClassedRegions): RegionClasses {
  const rowsOf = (image: number): { rows: Float32Array; count: number } => {
    const rows = regions.classes!(image) ?? new Float32Array();
    return { rows, count: rows.length / images[image]!.regions };
  };
  const { count } = rowsOf(0);
  const wrong = (image: number, what: string) =>
    new Complaint(
      `the soft labels of \`${images[image]!.id}\` ${what}`,
      "use features of one detector, or remove `masked_region_classes` from `tasks`",
      { place: { file: folder }, exitCode: 1 },
    );
  let last: { readonly image: number; readonly rows: Float32Array } | undefined;
  return {
    count,
    read(image, region) {
      if (last?.image !== image) {
        const found = rowsOf(image);
        if (found.count !== count) {
          throw wrong(image, `have ${found.count} classes, those of the first image ${count}`);
        }
        last = { image, rows: found.rows };
      }
      const own = last.rows.subarray(region * count, (region + 1) * count);
      if (!isDistribution(own)) {
        throw wrong(
          image,
          `are not a probability distribution in row ${region}: they sum to ${sumOf(own)}`,
        );
      }
      return own;
    },
  };
}

const sumOf = (row: Float32Array) => row.reduce((sum, one) => sum + one, 0);

/** The tolerance allows for numbers that were rounded to float16. */
const isDistribution = (row: Float32Array) =>
  row.every((one) => one >= 0) && Math.abs(sumOf(row) - 1) < 1e-2;

/** Detectors know some thousands of classes; a larger number is an error in the file. */
const mostClasses = 100_000;
