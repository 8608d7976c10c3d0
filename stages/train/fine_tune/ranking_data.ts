/**
 * The training split as ranking problems read it. Features of a small split lie on the device for
 * good; those of a large one (Flickr30k: tens of gigabytes) come from their database with each
 * micro-step, for its own images alone. The same programs serve both, and the same numbers come out.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
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
  /** Row sizes; programs are compiled for them. */
  readonly sizes: RowSizes;
  /** Problems on the device. What is made for them alone is freed with `free`. */
  onDevice(problems: RankingProblems): BatchOnDevice;
}

export interface BatchOnDevice {
  readonly tables: PairTables;
  readonly batch: RankingBatch;
  free(): void;
}

export interface RankingDataOptions {
  readonly limit?: number;
  /** Of frozen branches; freed with the data. */
  readonly branches?: BranchData | undefined;
}

export interface BranchData {
  readonly tables: BranchTables;
  readonly pictures: PictureVectors;
}

/** Padded features of a split up to this size stay on the device. */
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
      if (resident !== undefined) {
        const batch = batchTensors(problems, (image) => image);
        return { tables: { ...texts, ...resident, ...seen }, batch, free: () => tf.dispose(batch) };
      }
      const asked = [...problems.imageAnchors, ...problems.imageCandidates];
      const rows = [...new Set(asked)];
      const placeOf = new Map(rows.map((row, place) => [row, place]));
      // One table size for every micro-step: as many rows as there can be different images.
      const most = Math.min(asked.length, index.images.length);
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

/** Rows of a table, then so many others as fill a smaller one up. */
function rowsOf(table: tf.Tensor, rows: readonly number[], most: number): tf.Tensor {
  const places = Array.from({ length: most }, (_, place) => rows[place] ?? 0);
  return tf.tidy(() => tf.gather(table, tf.tensor1d(places, "int32")));
}

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
