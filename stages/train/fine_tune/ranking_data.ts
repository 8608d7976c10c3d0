/**
 * The training split for ranking problems. The features of a small split stay on the device. Those of a
 * large one (Flickr30k: tens of gigabytes) are read from their database for the images of each
 * micro-step. Both ways run the same programs and give the same numbers.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
import { requiredRows } from "../../batch/required_rows.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import {
  imageTable,
  longestRows,
  type PairTables,
  pictureTable,
  type RowSizes,
  textTable,
} from "../../batch/row_tables.ts";
import type { BranchTables } from "../../score/frozen_branches.ts";
import type { RankingBatch } from "./ranking_batch.ts";
import type { RankingProblems } from "../../batch/sampling.ts";

export interface RankingData extends Disposable {
  /** Sizes of a row. Programs are compiled for them. */
  readonly sizes: RowSizes;
  /** Copies problems to the device; `free` frees what was made for them alone. */
  onDevice(problems: RankingProblems): BatchOnDevice;
}

export interface BatchOnDevice {
  readonly tables: PairTables;
  readonly batch: RankingBatch;
  free(): void;
}

export interface RankingDataOptions {
  /** Padded features of up to this many bytes stay on the device. */
  readonly limit?: number;
  /** Tables of frozen branches, which are freed with the data. */
  readonly branches?: BranchData | undefined;
}

export interface BranchData {
  readonly tables: BranchTables;
  readonly pictures: PictureVectors;
}

/** Default of `RankingDataOptions.limit`. */
const residentBytes = 2 ** 30;

export function rankingData(
  set: FeatureSet,
  index: SplitIndex,
  { limit = residentBytes, branches }: RankingDataOptions = {},
): RankingData {
  const sizes = longestRows(set, index);
  const texts = { ...textTable(set, index, sizes), ...branches?.tables };
  const seen = branches && pictureTable(index, branches.pictures);
  const bytes = 4 * index.images.length * sizes.regions * set.featureDim;
  const resident = bytes <= limit ? imageTable(set, index.images, sizes) : undefined;
  return {
    sizes,
    onDevice(problems) {
      requireKnown(problems, index);
      if (resident !== undefined) {
        const batch = batchTensors(problems, (image) => image);
        return { tables: { ...texts, ...resident, ...seen }, batch, free: () => tf.dispose(batch) };
      }
      const used = [...problems.imageAnchors, ...problems.imageCandidates];
      const rows = [...new Set(used)];
      const placeOf = new Map(rows.map((row, place) => [row, place]));
      // The table has the same size in every micro-step: the maximum number of different images.
      const most = Math.min(used.length, index.images.length);
      const places = rows.map((row) => index.images[row]!);
      const images = imageTable(set, places, { regions: sizes.regions, rows: most });
      const batch = batchTensors(problems, (row) => placeOf.get(row)!);
      const own: Record<string, tf.Tensor> = seen === undefined
        ? {}
        : { pictures: rowsOf(seen.pictures, rows, most) };
      return {
        tables: { ...texts, ...images, ...seen, ...own },
        batch,
        free: () => tf.dispose([batch, images, own] as unknown as tf.TensorContainer),
      };
    },
    [Symbol.dispose]: () =>
      tf.dispose([texts, resident ?? {}, seen ?? {}] as unknown as tf.TensorContainer),
  };
}

/** These rows of a table, padded with its first row to `most` rows. */
function rowsOf(table: tf.Tensor, rows: readonly number[], most: number): tf.Tensor {
  const places = Array.from({ length: most }, (_, place) => rows[place] ?? 0);
  return tf.tidy(() => tf.gather(table, tf.tensor1d(places, "int32")));
}

function requireKnown(problems: RankingProblems, { captions, images }: SplitIndex): void {
  for (const rows of [problems.textAnchors, problems.textCandidates]) {
    requiredRows(rows, { count: captions.length, what: "texts" });
  }
  for (const rows of [problems.imageAnchors, problems.imageCandidates]) {
    requiredRows(rows, { count: images.length, what: "images" });
  }
}

/** @param imagePlace the place of an image's row in the table on the device */
function batchTensors(
  problems: RankingProblems,
  imagePlace: (row: number) => number,
): RankingBatch {
  const anchors = problems.imageAnchors.length;
  const row = (values: Int32Array) => tf.tensor1d(values, "int32");
  const grid = (values: Int32Array) =>
    tf.tensor2d(values, [anchors, values.length / anchors], "int32");
  return {
    imageAnchors: row(problems.imageAnchors.map(imagePlace)),
    textCandidates: grid(problems.textCandidates),
    textAnchors: row(problems.textAnchors),
    imageCandidates: grid(problems.imageCandidates.map(imagePlace)),
  };
}
