/**
 * The images of a split for steps that refer to them by row. If their features fit into the memory of the
 * device, they are copied to it once. Those of a large split are read from their database for the images
 * of each batch. Both ways run the same programs and give the same numbers.
 */
import * as tf from "@tensorflow/tfjs-core";
import {
  featureBytes,
  type ImageTable,
  imageTable,
  type RegionSet,
  sparseImageTable,
} from "./image_table.ts";

export interface ImageSupply extends Disposable {
  /** Whether all images are on the device. */
  readonly resident: boolean;
  /** A table that has at least the images of these rows, at the same rows. */
  tableOf(rows: Iterable<number>): SuppliedTable;
}

export interface SuppliedTable {
  readonly table: ImageTable;
  /** Frees what was made for these rows alone. */
  free(): void;
}

export interface SupplyOptions {
  /** Places of a gathered image. */
  readonly regions: number;
  /** Most different images of a batch. */
  readonly most: number;
  /** Features of up to this many bytes stay on the device; see `feature_budget.ts`. */
  readonly budget: number;
}

/** @param images indices into `FeatureSet.images`, one per row */
export function imageSupply(
  set: RegionSet,
  images: readonly number[],
  { regions, most, budget }: SupplyOptions,
): ImageSupply {
  if (featureBytes(set, images) <= budget) {
    const table = imageTable(set, images, { regions });
    return {
      resident: true,
      tableOf: () => ({ table, free() {} }),
      [Symbol.dispose]: () => tf.dispose(table as unknown as tf.TensorContainer),
    };
  }
  const capacity = mostRegions(images.map((image) => set.images[image]!.regions), most);
  return {
    resident: false,
    tableOf(rows) {
      const given = new Map([...new Set(rows)].map((row) => [row, images[row]!] as const));
      const table = sparseImageTable(set, given, { regions, images: images.length, capacity });
      return { table, free: () => tf.dispose(table as unknown as tf.TensorContainer) };
    },
    [Symbol.dispose]() {},
  };
}

/** Regions of the `most` largest images: no batch has more, so its table has the same size in every step. */
function mostRegions(counts: readonly number[], most: number): number {
  return counts.toSorted((a, b) => b - a).slice(0, most).reduce((sum, count) => sum + count, 0);
}
