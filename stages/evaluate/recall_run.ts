/** Scores every caption of a split with every image, ranks them, and evaluates the swapped pairs. */
import * as tf from "@tensorflow/tfjs-core";
import { yieldToEvents } from "../../pipeline/contract/progress.ts";
import type { StageContext } from "../../pipeline/contract/stage.ts";
import { openFeatures } from "../data/feature_set.ts";
import { pictureVectors } from "../data/picture_vectors.ts";
import type { ScoreMatrix } from "../metric/recall.ts";
import { releaseRecall } from "../metric/release_recall.ts";
import { learnedBranchWeight, requireBranches } from "../model/branches.ts";
import { type HostWeights, weightsOnDevice } from "../model/weights.ts";
import { withRankHead } from "../model/initial_weights.ts";
import type { Precision } from "../model/matrix_product.ts";
import { readModel } from "../model/checkpoint/model_artifact.ts";
import { startCompute } from "../tensorflow/kernels/backend.ts";
import { branchCosines, rawScale, scaleOf, summedScores } from "../score/branches.ts";
import { longestRows } from "../batch/row_tables.ts";
import { scorePairs } from "../score/pair_scoring.ts";
import { scoringBlock } from "../score/scoring_block.ts";
import { indexSplit, type SplitIndex } from "../batch/split_index.ts";
import { keptPieces, scoredOnce } from "./kept_scores.ts";
import { planRanking, type RankingParameters, recordRanks, writeScores } from "./ranked_scores.ts";
import { scoreGrid } from "../score/grid.ts";
import {
  rerankedScores,
  scoreShortlist,
  shortlisted,
  withOthersBelow,
} from "../score/shortlist.ts";
import { judgeSwappedPairs, type ScoreRows } from "./swapped_pairs.ts";

export interface EvaluationParameters extends RankingParameters {
  readonly split: string;
  /** Pairs that go through the encoder together; by default what suits the device. */
  readonly block?: number | undefined;
  readonly release_recall: boolean;
  readonly xla: boolean;
  readonly precision: Precision;
  readonly scores: "cross" | "branches" | "sum";
  /** Weight of the cosine in the sum; by default the model's own, or 10. */
  readonly branch_weight?: number | undefined;
  /** Images per text that the branches pass to the cross-encoder; 0: all. */
  readonly shortlist: number;
  /** The same, evaluated in addition to scoring all pairs; 0: not evaluated. */
  readonly rerank: number;
}

export async function evaluation(context: StageContext<EvaluationParameters>): Promise<void> {
  const { parameters: p, inputs } = context;
  const { split, xla, precision, scores: kind, shortlist, rerank } = p;
  const onBranches = kind !== "cross" || shortlist > 0 || rerank > 0;
  using set = await openFeatures(inputs["features"]!);
  const index = indexSplit(set, split);
  const plan = planRanking(context, { set, index, split });
  const { config, weights: stored } = await readModel(inputs["model"]!.folder);
  const learned = learnedBranchWeight(stored);
  if (onBranches) {
    const why = kind !== "cross" ? `scores: ${kind}` : shortlist > 0 ? "shortlist" : "rerank";
    requireBranches(stored, `\`${why}\``);
  }
  const compute = await startCompute({ threads: context.threads });
  context.progress.say(compute.description);
  const block = p.block ?? scoringBlock(compute, config, longestRows(set, index));
  const pictures = onBranches ? await pictureVectors(inputs["features"]!, set) : undefined;
  const weights = weightsOnDevice(onBranches ? withRankHead(stored) : rankingWeights(stored));
  // A run that was killed while it recorded rows has left some that are recorded again.
  for (const table of ["query_rank", "pair_score", "metric"]) {
    context.record.retain(table, () => false);
  }
  try {
    const clock = scoringClock(context);
    const cosines = (index: SplitIndex) =>
      branchCosines(compute, config, { set, index, pictures: pictures!, weights, xla });
    const { length: texts } = index.captions;
    const { length: images } = index.images;
    const near = onBranches ? await cosines(index) : undefined;
    const places = shortlist > 0 && kind !== "branches"
      ? shortlisted(near!, { texts, images, count: shortlist })
      : undefined;
    const after = (done: number, total: number) => clock.report(done, total, "pairs");
    const options = { set, index, weights, block, xla, precision, after };
    const pieces = keptPieces(context.resumeFolder);
    const keys = [inputs["model"]!.key, inputs["features"]!.key];
    const decides = [keys, { split, shortlist, block, xla, precision }];
    const cross = kind === "branches" ? undefined : await scoredOnce(
      decides,
      async () => {
        const made = places !== undefined
          ? await scoreShortlist(compute, config, { ...options, ...pieces, places })
          : await scoreGrid(compute, config, { ...options, ...pieces });
        clock.record(made.length);
        return made;
      },
    );
    const scale = cross && (learned === undefined ? scaleOf(cross) : rawScale);
    const combined = (cross: Float32Array | undefined, cosines: Float32Array) =>
      cross === undefined ? cosines : summedScores(cross, cosines, {
        scale: scale!,
        weight: p.branch_weight ?? learned ?? 10,
      });
    const ofPairs = (near: Float32Array) => kind === "cross" ? cross! : combined(cross, near);
    const scores = places === undefined
      ? near === undefined ? cross! : ofPairs(near)
      : withOthersBelow(near!, places, ofPairs(Float32Array.from(places, (at) => near![at]!)));
    if (kind === "branches") clock.record(scores.length);
    const matrix = { scores, texts, images, imageOfText: index.imageOfText };
    const listed = rerank > 0 ? shortlisted(near!, { texts, images, count: rerank }) : undefined;
    recordRanks(context, { set, index, split }, matrix, {
      ...plan,
      ...(listed && { twoStage: { listed, scores: rerankedScores(near!, listed, scores) } }),
    });
    if (p.release_recall) recordReleaseRecall(context, matrix);
    await writeScores(context.folder, { set, index, split }, scores);
    const crossRows: ScoreRows = (index, texts, images) =>
      scorePairs(compute, config, { texts, images }, {
        ...{ set, index, weights, block, xla, precision },
        after: (done) => clock.report(done, texts.length, "swapped pairs"),
      });
    const scoreRows: ScoreRows = async (index, texts, images) => {
      const cross = kind === "branches" ? undefined : await crossRows(index, texts, images);
      if (kind === "cross") return cross!;
      const all = await cosines(index);
      const own = texts.map((text, pair) => all[text * index.images.length + images[pair]!]!);
      return combined(cross, Float32Array.from(own));
    };
    await judgeSwappedPairs(context, set, scoreRows, split);
  } finally {
    tf.dispose(weights);
  }
}

/** The weights that scoring reads: the encoder and the rank head. */
export function rankingWeights(stored: HostWeights): HostWeights {
  const weights = withRankHead(stored);
  return Object.fromEntries(
    Object.entries(weights).filter(([name]) => /^(uniter|rank_output)\./.test(name)),
  );
}

function recordReleaseRecall(
  { record, parameters: { split } }: StageContext<EvaluationParameters>,
  matrix: ScoreMatrix,
): void {
  const { metrics, ambiguous } = releaseRecall(matrix);
  for (const [name, value] of Object.entries(metrics)) {
    const ours = name.replace("txt_", "i2t_").replace("img_", "t2i_");
    record.metric(`release_${ours}`, value, { split });
  }
  record.metric("release_tied_queries", ambiguous, { split });
}

/** Reports the progress of scoring, reacts to Ctrl-C, and measures the time. */
function scoringClock({ progress, record, signal }: StageContext<EvaluationParameters>) {
  const begun = performance.now();
  return {
    async report(done: number, total: number, unit: string): Promise<void> {
      progress.report(done, total, unit);
      await yieldToEvents();
      signal.throwIfAborted();
    },
    record(pairs: number): void {
      const seconds = (performance.now() - begun) / 1000;
      record.measurement("scoring_speed", { pairs, seconds });
    },
  };
}
