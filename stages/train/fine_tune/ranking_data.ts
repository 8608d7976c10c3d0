/** The training split for ranking problems: texts on the device, and the images of each micro-step. */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
import { imageSupply } from "../../batch/image_supply.ts";
import { requiredRows } from "../../batch/required_rows.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import {
  longestRows,
  type PairTables,
  pictureTable,
  type RowSizes,
  textTable,
} from "../../batch/row_tables.ts";
import type { BranchTables } from "../../score/frozen_branches.ts";
import type { RankingBatch } from "./ranking_batch.ts";
import type { ProblemSizes, RankingProblems } from "../../batch/sampling.ts";

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

export interface RankingDataOptions extends Pick<ProblemSizes, "anchors" | "negatives"> {
  /** Features of up to this many bytes stay on the device; see `feature_budget.ts`. */
  readonly budget: number;
  /** Tables of frozen branches, which are freed with the data. */
  readonly branches?: BranchData | undefined;
}

export interface BranchData {
  readonly tables: BranchTables;
  readonly pictures: PictureVectors;
}

export function rankingData(
  set: FeatureSet,
  index: SplitIndex,
  { anchors, negatives, budget, branches }: RankingDataOptions,
): RankingData {
  const sizes = longestRows(set, index);
  const texts = {
    ...textTable(set, index, sizes),
    ...branches?.tables,
    ...(branches && pictureTable(index, branches.pictures)),
  };
  const most = anchors * (2 + negatives);
  const images = imageSupply(set, index.images, { regions: sizes.regions, most, budget });
  return {
    sizes,
    onDevice(problems) {
      requireKnown(problems, index);
      const { table, free } = images.tableOf([
        ...problems.imageAnchors,
        ...problems.imageCandidates,
      ]);
      const batch = batchTensors(problems);
      return {
        tables: { ...texts, ...table },
        batch,
        free() {
          tf.dispose(batch);
          free();
        },
      };
    },
    [Symbol.dispose]() {
      tf.dispose(texts as unknown as tf.TensorContainer);
      images[Symbol.dispose]();
    },
  };
}

function requireKnown(problems: RankingProblems, { captions, images }: SplitIndex): void {
  for (const rows of [problems.textAnchors, problems.textCandidates]) {
    requiredRows(rows, { count: captions.length, what: "texts" });
  }
  for (const rows of [problems.imageAnchors, problems.imageCandidates]) {
    requiredRows(rows, { count: images.length, what: "images" });
  }
}

function batchTensors(problems: RankingProblems): RankingBatch {
  const anchors = problems.imageAnchors.length;
  const row = (values: Int32Array) => tf.tensor1d(values, "int32");
  const grid = (values: Int32Array) =>
    tf.tensor2d(values, [anchors, values.length / anchors], "int32");
  return {
    imageAnchors: row(problems.imageAnchors),
    textCandidates: grid(problems.textCandidates),
    textAnchors: row(problems.textAnchors),
    imageCandidates: grid(problems.imageCandidates),
  };
}
