/** Recall on held-out images, which the training stages compute at intervals. */
import { yieldToEvents } from "../../pipeline/contract/progress.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { firstImages, indexSplit, type SplitIndex } from "../batch/split_index.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import type { PictureVectors } from "../data/picture_vectors.ts";
import { pairAccuracy } from "../metric/pair_accuracy.ts";
import { rankQueries } from "../metric/recall.ts";
import { recallMetrics } from "../metric/rank_metrics.ts";
import type { Configuration } from "../model/configuration.ts";
import type { Precision } from "../model/matrix_product.ts";
import type { Weights } from "../model/weights.ts";
import { judgedPairs } from "./swapped_pairs.ts";
import { branchCosines } from "../score/branches.ts";
import { scoreGrid } from "../score/grid.ts";
import { longestRows } from "../batch/row_tables.ts";
import { scorePairs } from "../score/pair_scoring.ts";
import { scoringBlock } from "../score/scoring_block.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";

export interface ValidationParameters {
  /** Updates between two validations; 0: never. */
  readonly validate_every: number;
  readonly validation_split: string;
  /** Number of images: the first of the split, with all their captions. */
  readonly validation_images: number;
  /** Which weights are the result of the training. */
  readonly keep: "best" | "last";
  readonly xla: boolean;
}

/** The model that is trained, and the data that is ranked. */
export interface ValidationSource {
  readonly compute: Compute;
  readonly config: Configuration;
  readonly set: FeatureSet;
}

interface RecallValidation {
  readonly every: number;
  readonly keep: "best" | "last";
  run(weights: Weights): Promise<Record<string, number>>;
}

/**
 * Ranks by the scores of the ranking head, and judges the swapped pairs that go with the split.
 * @throws {Complaint} if the split does not exist, before training starts
 */
export function pairValidation(
  context: Pick<StageContext<ValidationParameters & { precision: Precision }>, Used>,
  { compute, config, set }: ValidationSource,
): RecallValidation | undefined {
  const { xla, precision } = context.parameters;
  const block = (index: SplitIndex) => scoringBlock(compute, config, longestRows(set, index));
  const options = { set, xla, precision };
  return recallValidation(
    context,
    set,
    (index, weights, after) =>
      scoreGrid(compute, config, { ...options, block: block(index), index, weights, after }),
    (rows, index, weights, after) =>
      scorePairs(compute, config, rows, { ...options, block: block(index), index, weights, after }),
  );
}

/** Like `pairValidation`, but ranks by the cosines of the two branches. */
export function branchValidation(
  context: Pick<StageContext<ValidationParameters>, Used>,
  { compute, config, set, pictures }: ValidationSource & { readonly pictures: PictureVectors },
): RecallValidation | undefined {
  const { xla } = context.parameters;
  return recallValidation(
    context,
    set,
    (index, weights, after) =>
      branchCosines(compute, config, { set, index, pictures, weights, xla, after }),
  );
}

type Used = "parameters" | "signal";

function recallValidation(
  { parameters, signal }: Pick<StageContext<ValidationParameters>, Used>,
  set: FeatureSet,
  score: (index: SplitIndex, weights: Weights, after: () => Promise<void>) => Promise<Float32Array>,
  scorePairs?: (
    rows: { readonly texts: readonly number[]; readonly images: readonly number[] },
    index: SplitIndex,
    weights: Weights,
    after: () => Promise<void>,
  ) => Promise<Float32Array>,
): RecallValidation | undefined {
  const { validate_every: every, validation_split: split, validation_images: count, keep } =
    parameters;
  if (every === 0) return undefined;
  const index = firstImages(indexSplit(set, split), count);
  const { captions: { length: texts }, images: { length: images }, imageOfText } = index;
  return {
    every,
    keep,
    async run(weights) {
      const after = async () => {
        await yieldToEvents();
        signal.throwIfAborted();
      };
      const scores = await score(index, weights, after);
      const { judged } = scorePairs === undefined ? { judged: [] } : await judgedPairs(
        set,
        (index, texts, images) => scorePairs({ texts, images }, index, weights, after),
        split,
      );
      return {
        ...recallMetrics(rankQueries({ scores, texts, images, imageOfText })),
        ...pairAccuracy(judged.map(({ outcome }) => outcome)),
      };
    },
  };
}
