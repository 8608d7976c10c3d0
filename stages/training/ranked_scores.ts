/** What a matrix of scores of a split becomes: a rank per query, recalls, and the matrix itself. */
import type { StageContext } from "../../pipeline/stage.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import { writeSafetensors } from "../data/safetensors.ts";
import { rankQueries, recallMetrics, type ScoreMatrix } from "../metric/recall.ts";
import type { TableIndex } from "./pair_tables.ts";

/** What it belongs to. */
export interface ScoredSplit {
  readonly set: FeatureSet;
  readonly index: TableIndex;
  readonly split: string;
}

/** Rows of `query_rank` and the recalls as metrics. */
export function recordRanks(
  { record }: Pick<StageContext<unknown>, "record">,
  { set, index, split }: ScoredSplit,
  matrix: ScoreMatrix,
): void {
  const ranks = rankQueries(matrix);
  const captions = captionIds(set, index);
  const images = imageIds(set, index);
  for (const { direction, query, rank, ties, top } of ranks) {
    const [asking, answering] = direction === "i2t" ? [images, captions] : [captions, images];
    record.row("query_rank", {
      direction,
      query: asking[query]!,
      split,
      rank,
      ties,
      top_ids: JSON.stringify(top.map(({ answer }) => answering[answer])),
      top_scores: JSON.stringify(top.map((entry) => entry.score)),
      image: images[direction === "i2t" ? query : index.imageOfText[query]!]!,
    });
  }
  for (const [name, value] of Object.entries(recallMetrics(ranks))) {
    record.metric(name, value, { split });
  }
  record.metric("tied_queries", ranks.filter(({ ties }) => ties > 0).length, { split });
}

/** `scores.safetensors` [text, image], and `index.json` that names its rows and columns. */
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

const captionIds = (set: FeatureSet, { captions }: TableIndex) =>
  captions.map((caption) => set.captions[caption]!.id);
const imageIds = (set: FeatureSet, { images }: TableIndex) =>
  images.map((image) => set.images[image]!.id);
