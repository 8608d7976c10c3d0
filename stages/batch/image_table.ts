/**
 * Images as tensors on the device: the regions of all images one after another, without padding. A batch
 * is padded when it is gathered (`gather_rows.ts`). Features that are stored in float16, as published ones
 * are, stay so on the device and are widened when they are gathered, which is exact: either form gives
 * the same numbers.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { RegionRows } from "../data/region_source.ts";
import type { Axes } from "../model/axes.ts";
import { filledTensor } from "../tensorflow/kernels/filled_tensor.ts";

export interface ImageTable {
  readonly [name: string]: tf.Tensor;
  /**
   * Row 0 is zeros, then come the regions of each image. float32 [row, feature], or int32 [row, feature / 2]
   * with two float16 in each number.
   */
  readonly features: tf.Tensor;
  readonly boxes: Axes<"row box">;
  /** int32 [image]: row of its first region. */
  readonly firstRows: tf.Tensor;
  /** int32 [image]: number of regions. */
  readonly regions: tf.Tensor;
  /** int32 [region]: 0, 1, .. as many as a gathered image has places, by default. */
  readonly places: tf.Tensor;
}

export interface ImageTableSizes {
  /** Places of a gathered image. */
  readonly regions: number;
  /** Images that the table is for, by default those that are given; the others have no regions. */
  readonly images?: number;
  /** Regions that the table has space for, by default as many as the images have. */
  readonly capacity?: number;
}

/** The parts of a feature set that are read. */
export type RegionSet = Pick<FeatureSet, "images" | "regions" | "featureDim">;

/** @param images indices into `FeatureSet.images`, one per row */
export function imageTable(
  set: RegionSet,
  images: readonly number[],
  { images: rows = images.length, ...sizes }: ImageTableSizes,
): ImageTable {
  const given = new Map(images.map((image, row) => [row, image]));
  return sparseImageTable(set, given, { ...sizes, images: rows });
}

/** Like `imageTable`, for some of the rows only. @param given row -> index into `FeatureSet.images` */
export function sparseImageTable(
  set: RegionSet,
  given: ReadonlyMap<number, number>,
  { regions: most, images, capacity = regionsOf(set, given.values()) }:
    & ImageTableSizes
    & { readonly images: number },
): ImageTable {
  const firstRows = new Int32Array(images);
  const regions = new Int32Array(images);
  let next = 1;
  for (const [row, image] of given) {
    firstRows[row] = next;
    regions[row] = set.images[image]!.regions;
    next += regions[row];
  }
  if (next > 1 + capacity) {
    throw new Error(`internal: ${next - 1} regions in a table for ${capacity}`);
  }
  const shown = [...given.values()];
  return {
    ...rowTables(set, shown, 1 + capacity),
    firstRows: tf.tensor1d(firstRows, "int32"),
    regions: tf.tensor1d(regions, "int32"),
    places: tf.range(0, most, 1, "int32"),
  };
}

/** Number of regions of these images. */
export function regionsOf({ images }: Pick<FeatureSet, "images">, shown: Iterable<number>): number {
  let sum = 0;
  for (const image of shown) sum += images[image]!.regions;
  return sum;
}

/** Bytes that the features of these images take on the device. */
export function featureBytes(set: RegionSet, images: readonly number[]): number {
  const [first] = images;
  const half = first !== undefined && mayBeHalves(set) &&
    set.regions.readHalves?.(first) !== undefined;
  return regionsOf(set, images) * set.featureDim * (half ? 2 : 4);
}

/** Two numbers of a row become one. */
const mayBeHalves = ({ featureDim, regions }: RegionSet) =>
  featureDim % 2 === 0 && regions.readHalves !== undefined;

/** @param rows of the table, the zeros included; those beyond the images are undefined, and never gathered */
function rowTables(set: RegionSet, images: readonly number[], rows: number) {
  const boxes = new Float32Array(rows * 7);
  const features = halfFeatures(set, images, { rows, boxes }) ??
    tableOf(
      images,
      { shape: [rows, set.featureDim], dtype: "float32", boxes },
      (image) => set.regions.read(image),
    );
  return { features: features!, boxes: tf.tensor2d(boxes, [rows, 7]) };
}

/** Undefined if an image's features are not float16. */
function halfFeatures(
  set: RegionSet,
  images: readonly number[],
  { rows, boxes }: { readonly rows: number; readonly boxes: Float32Array },
): tf.Tensor | undefined {
  if (!mayBeHalves(set)) return undefined;
  const shape = [rows, set.featureDim / 2];
  const read = (image: number) => set.regions.readHalves?.(image);
  return tableOf(images, { shape, dtype: "int32", boxes }, read);
}

interface Table {
  /** Rows and numbers in each. */
  readonly shape: readonly number[];
  readonly dtype: "int32" | "float32";
  /** Is filled, too. */
  readonly boxes: Float32Array;
}

interface ReadRegions extends Pick<RegionRows, "boxes"> {
  readonly features: Float32Array | Uint16Array;
}

class NotThere extends Error {}

function tableOf(
  images: readonly number[],
  { shape, dtype, boxes }: Table,
  read: (image: number) => ReadRegions | undefined,
): tf.Tensor | undefined {
  const width = 4 * shape[1]!;
  try {
    return filledTensor(shape, dtype, (bytesAt) => {
      bytesAt(0, width).fill(0);
      let row = 1;
      for (const image of images) {
        const regions = read(image);
        if (regions === undefined) throw new NotThere();
        const { buffer, byteOffset, byteLength } = regions.features;
        bytesAt(row * width, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
        boxes.set(regions.boxes, row * 7);
        row += byteLength / width;
      }
    });
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}
