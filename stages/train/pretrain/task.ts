/**
 * What a pretraining task is. To add one, write a file in `tasks/` that exports such an object, and
 * name it in `task_table.ts` and among the `tasks` of `stages/pretrain.ts`.
 */
import type * as tf from "@tensorflow/tfjs-core";
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { StageContext } from "../../../pipeline/contract/stage.ts";
import type { PairTables, RowSizes } from "../../batch/row_tables.ts";
import type { Cosine } from "../../batch/sampling.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
import type { RegionClasses } from "../../data/region_classes.ts";
import type { Model } from "../../model/checkpoint/model_artifact.ts";
import type { Configuration } from "../../model/configuration.ts";
import type { DropRates } from "../../model/feature_drop.ts";
import type { HostWeights, Weights } from "../../model/weights.ts";
import type { DeviceRandom } from "../../model/keyed_random.ts";
import type { TransportOptions } from "../../objective/optimal_transport.ts";
import type { Compute } from "../../tensorflow/kernels/backend.ts";
import type { ScoreSigns } from "../score_signs.ts";

/** @typeParam Batch the arrays of its batches, by name */
export interface PretrainingTask<Batch extends HostBatch = HostBatch> {
  /** Prefixes of the names of the parameters that it trains; all others get gradient 0. */
  readonly trains: readonly string[];
  /** Columns of table `training_step` that it fills, in the order of `TaskLoss.reported`. */
  readonly reports: readonly string[];
  /** What it reads in addition to captions and regions. */
  readonly needs?: readonly Need[];
  /** Parameters that a model without this task does not have; by default fresh heads for `trains`. */
  start?(source: StartSource): HostWeights | Promise<HostWeights>;
  /** The batch of one step. Everything follows from (source.random, step). */
  batch(source: BatchSource, step: number): Batch;
  /** The loss of a batch, in plain tfjs: it is recorded, and must not read values. */
  loss(input: LossInput<Batch>): TaskLoss;
  /** How far apart the scores that compete are, for noticing a collapse. Goes with `TaskLoss.scores`. */
  signs?(scores: ArrayLike<number>, batch: Batch): ScoreSigns | undefined;
  /** A remark for the display; by default the loss. */
  note?(reported: Readonly<Record<string, number>>): string;
}

/**
 * `frozen_branches`: where the parameter `branch_weight` is above 0; `two_pictures`: a picture that a text is
 * not of.
 */
export type Need = "region_classes" | "picture_vectors" | "frozen_branches" | "two_pictures";

/** A tensor on the host. */
export interface BatchArray {
  readonly shape: readonly number[];
  readonly values: Int32Array | Float32Array;
}

/**
 * Their order is that of a program's inputs. `images` are the rows of the images whose regions the step
 * reads.
 */
export type HostBatch = { readonly [name: string]: BatchArray };

export type OnDevice<Batch extends HostBatch> = { readonly [Name in keyof Batch]: tf.Tensor };

/** What batches are drawn from. */
export interface BatchSource extends RowSizes {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  readonly random: RandomStream;
  /** A multiple of 4. */
  readonly pairs: number;
  /** For pair_ranking: texts and images that compete with each other; by default all of a batch. */
  readonly grid?: number | undefined;
  /** Whether batches hold whole families; the index has them then. */
  readonly families?: boolean;
  /** Share of words, or of regions, that are masked. */
  readonly maskRate: number;
  /** For `region_classes`. */
  readonly classes?: RegionClasses | undefined;
  /** For `frozen_branches`: a text meets the likeliest of this many wrong pictures. */
  readonly pool?: { readonly size: number; readonly cosine: Cosine } | undefined;
}

export interface LossInput<Batch extends HostBatch = HostBatch> {
  readonly weights: Weights;
  readonly config: Configuration;
  readonly objective: PretrainingObjective;
  /**
   * For `picture_vectors` with those of `pictureTable`; for `frozen_branches` with `BranchTables` too.
   */
  readonly tables: PairTables;
  readonly batch: OnDevice<Batch>;
  readonly random: DeviceRandom;
}

export interface PretrainingObjective {
  readonly temperature: number;
  readonly drops: DropRates;
  /** Of the word-region contrast in `joint`; 0 leaves it out. */
  readonly contrastWeight: number;
  readonly transport: TransportOptions & { readonly weight: number };
  /** Of the frozen branches' cosines in the scores of `pair_ranking`; 0 leaves them out. */
  readonly branchWeight: number;
}

export interface TaskLoss {
  readonly loss: tf.Scalar;
  /** One number for each of the task's `reports`. */
  readonly reported: readonly tf.Scalar[];
  /** Scores that compete: probabilities [pair], or cosines or probabilities [text, image]. */
  readonly scores?: tf.Tensor;
}

/** What the parameters that a task adds to a model may depend on. */
export interface StartSource {
  readonly context: StageContext<StartParameters>;
  readonly compute: Compute;
  readonly model: Model;
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  /** For `picture_vectors`. */
  readonly pictures: PictureVectors | undefined;
  /** For `region_classes`. */
  readonly classes: RegionClasses | undefined;
  readonly random: RandomStream;
}

export interface StartParameters {
  /** Where the branches of a model without branches start. */
  readonly warm_start: "correlation" | "random";
  readonly image_ridge: number;
  readonly text_ridge: number;
  readonly xla: boolean;
}
