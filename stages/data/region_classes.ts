/**
 * Which class each region is of, where the features say so: `soft_labels` of a published database, or
 * tensor `classes` of `regions.safetensors`, either probabilities, F32 [region, class], or one class
 * each, I32 [region].
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { FeatureSet, FeaturesPlace } from "./feature_set.ts";
import { readSafetensors } from "./formats/safetensors.ts";

export interface RegionClasses {
  /** How many there are. */
  readonly count: number;
  /**
   * Probabilities of one region; they sum to 1.
   * @param image place in `FeatureSet.images` @param region place in the image
   */
  read(image: number, region: number): Float32Array;
}

/** Images with their regions. */
export interface ClassedRegions extends Pick<FeatureSet, "images"> {
  readonly regions: Pick<FeatureSet["regions"], "classes">;
}

/** @throws {Complaint} where there are none, or they do not fit the regions */
export async function readRegionClasses(
  place: Pick<FeaturesPlace, "folder">,
  features: ClassedRegions,
): Promise<RegionClasses> {
  const classes = await regionClassesIfAny(place, features);
  if (classes !== undefined) return classes;
  throw new Complaint(
    "the features hold no classes of regions, which `masked_region_classes` asks for",
    "leave `masked_region_classes` out of `tasks`, or take features that have them: published ones " +
      "with `soft_labels`, or photos with a detector whose output `detection.classes` names",
    { place: { file: place.folder }, exitCode: 1 },
  );
}

/** @throws {Complaint} where they do not fit the regions */
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
  const misfit = (found: string) =>
    new Complaint(
      `tensor \`classes\` ${found}`,
      `give it as F32 [${rows}, classes] of probabilities, or as I32 [${rows}] of numbers from 0`,
      { place: { file }, exitCode: 1 },
    );
  if (shape[0] !== rows) {
    throw misfit(`is ${tensor.dtype} [${shape}]; the images have ${rows} regions in all`);
  }
  if (data instanceof Int32Array && shape.length === 1) {
    const wild = data.findIndex((one) => one < 0 || one >= mostClasses);
    if (wild >= 0) throw misfit(`has ${data[wild]} in row ${wild}`);
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
    throw misfit(`is ${tensor.dtype} [${shape}]`);
  }
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * count, (row + 1) * count);
    if (isDistribution(own)) continue;
    throw misfit(`has a row (${row}) that is no distribution: it sums to ${sumOf(own)}`);
  }
  return {
    count,
    read: (image, region) => {
      const row = firstRow[image]! + region;
      return data.subarray(row * count, (row + 1) * count);
    },
  };
}

/** Read image by image as they are needed: all together are as large as the features. */
function publishedClasses(folder: string, { images, regions }: ClassedRegions): RegionClasses {
  const rowsOf = (image: number): { rows: Float32Array; count: number } => {
    const rows = regions.classes!(image) ?? new Float32Array();
    return { rows, count: rows.length / images[image]!.regions };
  };
  const { count } = rowsOf(0);
  const wrong = (image: number, what: string) =>
    new Complaint(
      `the soft labels of \`${images[image]!.id}\` ${what}`,
      "use features of one detector, or leave `masked_region_classes` out of `tasks`",
      { place: { file: folder }, exitCode: 1 },
    );
  let last: { readonly image: number; readonly rows: Float32Array } | undefined;
  return {
    count,
    read(image, region) {
      if (last?.image !== image) {
        const found = rowsOf(image);
        if (found.count !== count) {
          throw wrong(image, `are of ${found.count} classes, those of the first image of ${count}`);
        }
        last = { image, rows: found.rows };
      }
      const own = last.rows.subarray(region * count, (region + 1) * count);
      if (!isDistribution(own)) {
        throw wrong(image, `are no distribution in row ${region}: they sum to ${sumOf(own)}`);
      }
      return own;
    },
  };
}

const sumOf = (row: Float32Array) => row.reduce((sum, one) => sum + one, 0);

/** Of numbers that may have been float16. */
const isDistribution = (row: Float32Array) =>
  row.every((one) => one >= 0) && Math.abs(sumOf(row) - 1) < 1e-2;

/** Detectors know some thousands; beyond this a number is no class. */
const mostClasses = 100_000;
