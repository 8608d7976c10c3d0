/** What is recorded of a split's score matrix: a rank per query, recalls, and the matrix itself. */
import type { StageContext } from "../../pipeline/contract/stage.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import { writeSafetensors } from "../data/formats/safetensors.ts";
import { readPositives } from "../data/positives_files.ts";
import { positiveMetrics, type Positives, rankPositives } from "../metric/extra_positives.ts";
import { cutFolds, foldMetrics, foldRanks, type Folds } from "../metric/folds.ts";
import { rankMetrics } from "../metric/rank_metrics.ts";
import { twoStageMetrics, withFound } from "../metric/two_stage.ts";
import { type Direction, rankQueries, type ScoreMatrix } from "../metric/recall.ts";
import type { SplitIndex } from "../batch/split_index.ts";

/** The split that a matrix belongs to. */
export interface ScoredSplit {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  readonly split: string;
}

/** What to compute from the ranks. It is checked before scoring, which may take hours. */
export interface RankingPlan {
  /** K of Recall@K. */
  readonly recallAt: readonly number[];
  readonly folds?: Folds;
  /** Additional correct answers, besides the pairs of the data. */
  readonly positives?: readonly Positives[];
  /** For ranking a shortlist only: its places in the matrix, and the matrix that results. */
  readonly twoStage?: { readonly listed: Int32Array; readonly scores: Float32Array };
}

export interface RankingParameters {
  readonly recall_at: readonly number[];
  readonly folds?: number | undefined;
}

/** @throws {Complaint} if the split cannot be divided into the folds, or the extra positives do not fit it */
export function planRanking(
  { parameters, files, progress }: Pick<
    StageContext<RankingParameters>,
    "parameters" | "files" | "progress"
  >,
  { set, index }: ScoredSplit,
): RankingPlan {
  const { recall_at: recallAt, folds } = parameters;
  const named = Object.keys(files).length === 0
    ? knownPositives(index)
    : readPositives(files, { texts: captionIds(set, index), images: imageIds(set, index) });
  if (named !== undefined && named.leftOut > 0) {
    progress.say(`${named.leftOut} queries and answers of \`positives\` are not in the split`);
  }
  return {
    recallAt,
    ...(folds !== undefined && {
      folds: cutFolds({ images: index.images.length, imageOfText: index.imageOfText, folds }),
    }),
    ...(named !== undefined && { positives: named.positives }),
  };
}

/** All answers that are true of each query, where the data says so. */
function knownPositives(
  { imageOfText, textsOfImage, alsoTrueOf, alsoTrueTexts }: SplitIndex,
): { readonly positives: Positives[]; readonly leftOut: number } | undefined {
  if (alsoTrueOf === undefined) return undefined;
  const ofTexts = alsoTrueOf.map((others, text) => [imageOfText[text]!, ...others]);
  const ofImages = textsOfImage.map((own, image) => [...own, ...alsoTrueTexts![image]!]);
  const positives = [
    ...ofTexts.map((right, query) => ({ direction: "t2i" as const, query, right })),
    ...ofImages.map((right, query) => ({ direction: "i2t" as const, query, right })),
  ];
  return { positives: positives.filter(({ right }) => right.length > 0), leftOut: 0 };
}

/** Records rows of `query_rank`, and the metrics that follow from them. */
export function recordRanks(
  { record }: Pick<StageContext<unknown>, "record">,
  { set, index, split }: ScoredSplit,
  matrix: ScoreMatrix,
  { recallAt, folds, positives, twoStage }: RankingPlan = { recallAt: [1, 5, 10] },
): void {
  const ranks = rankQueries(matrix);
  const inFolds = folds && foldRanks(matrix, folds);
  const judged = positives && rankPositives(matrix, positives);
  const reranked = twoStage && withFound(
    rankQueries({ ...matrix, scores: twoStage.scores }, { keep: 0 }),
    matrix,
    twoStage.listed,
  );
  const rerankedOf = byQuery(reranked ?? []);
  const foldOf = byQuery(inFolds ?? []);
  const judgedOf = byQuery(judged ?? []);
  const captions = captionIds(set, index);
  const images = imageIds(set, index);
  for (const { direction, query, rank, ties, rightRanks, top } of ranks) {
    const [queries, answers] = direction === "i2t" ? [images, captions] : [captions, images];
    const inFold = foldOf(direction, query);
    const others = judgedOf(direction, query);
    const again = rerankedOf(direction, query);
    const image = index.images[direction === "i2t" ? query : index.imageOfText[query]!]!;
    const { id, family } = set.images[image]!;
    record.row("query_rank", {
      direction,
      query: queries[query]!,
      split,
      rank,
      ties,
      top_ids: JSON.stringify(top.map(({ answer }) => answers[answer])),
      top_scores: JSON.stringify(top.map((entry) => entry.score)),
      image: id,
      right_ranks: JSON.stringify(rightRanks),
      ...(inFold && { fold: inFold.fold, fold_rank: inFold.rank }),
      ...(others && { positive_ranks: JSON.stringify(others.ranks) }),
      ...(again && { rerank_rank: again.rank, rerank_found: again.found }),
      ...(family !== undefined && { family }),
    });
  }
  const metrics = {
    ...rankMetrics(ranks, { recallAt }),
    ...(inFolds && foldMetrics(inFolds, { recallAt })),
    ...(judged && positiveMetrics(judged, { recallAt })),
    ...(reranked && twoStageMetrics(reranked, {
      full: ranks,
      recallAt,
      pairs: twoStage!.listed.length / matrix.scores.length,
    })),
    tied_queries: ranks.filter(({ ties }) => ties > 0).length,
  };
  for (const [name, value] of Object.entries(metrics)) record.metric(name, value, { split });
}

function byQuery<Item extends { readonly direction: Direction; readonly query: number }>(
  items: readonly Item[],
): (direction: Direction, query: number) => Item | undefined {
  const found = new Map(items.map((item) => [`${item.direction} ${item.query}`, item]));
  return (direction, query) => found.get(`${direction} ${query}`);
}

/** Writes `scores.safetensors` [text, image], and `index.json` with the ids of its rows and columns. */
export async function writeScores(
  folder: string,
  { set, index, split }: ScoredSplit,
  data: Float32Array,
): Promise<void> {
  const texts = captionIds(set, index);
  const images = imageIds(set, index);
  const matrix = { shape: [texts.length, images.length], dtype: "F32" as const, data };
  await writeSafetensors(`${folder}/scores.safetensors`, new Map([["scores", matrix]]));
  await Deno.writeTextFile(
    `${folder}/index.json`,
    `${JSON.stringify({ split, texts, images })}\n`,
  );
}

const captionIds = (set: FeatureSet, { captions }: SplitIndex) =>
  captions.map((caption) => set.captions[caption]!.id);
const imageIds = (set: FeatureSet, { images }: SplitIndex) =>
  images.map((image) => set.images[image]!.id);
