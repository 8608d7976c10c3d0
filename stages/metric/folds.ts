/**
 * Recall over folds, as in "COCO 1K": the images of a split are cut into consecutive folds of equal size,
 * each is ranked by itself with its captions, and the recalls are averaged (Karpathy and Fei-Fei 2015).
 * The first fold alone, which some papers report, is a different test.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { mean, recallMetrics } from "./rank_metrics.ts";
import { type QueryRank, rankQueries, type ScoreMatrix } from "./recall.ts";

/** A query among the images and texts of its fold; `query` is its row or column in the whole matrix. */
export interface FoldRank extends QueryRank {
  /** From 1. */
  readonly fold: number;
}

/** Fold by fold: columns of its images and rows of their texts. */
export type Folds = readonly { readonly columns: number[]; readonly rows: number[] }[];

/**
 * Image i of n is in fold floor(i x folds / n), together with its texts.
 *
 * @throws {Complaint} if a fold has nothing to rank
 */
export function cutFolds(
  { images, imageOfText, folds }: {
    readonly images: number;
    readonly imageOfText: ArrayLike<number>;
    readonly folds: number;
  },
): Folds {
  const foldOf = (image: number) => Math.floor(image * folds / images);
  const columns = Map.groupBy(range(images), foldOf);
  const rows = Map.groupBy(range(imageOfText.length), (text) => foldOf(imageOfText[text]!));
  return range(folds).map((fold) => {
    const part = { columns: columns.get(fold) ?? [], rows: rows.get(fold) ?? [] };
    if (part.rows.length > 0) return part;
    throw new Complaint(
      `fold ${fold + 1} of ${folds} has ${part.columns.length} images and no captions`,
      `use fewer \`folds\`: the split has ${images} images, ${imageOfText.length} captions`,
      { exitCode: 1 },
    );
  });
}

export function foldRanks({ scores, images, imageOfText }: ScoreMatrix, folds: Folds): FoldRank[] {
  return folds.flatMap(({ columns, rows }, fold) => {
    const columnOf = new Map(columns.map((image, column) => [image, column]));
    const part = new Float32Array(rows.length * columns.length);
    rows.forEach((text, row) =>
      columns.forEach((image, column) => {
        part[row * columns.length + column] = scores[text * images + image]!;
      })
    );
    const ranks = rankQueries({
      scores: part,
      texts: rows.length,
      images: columns.length,
      imageOfText: rows.map((text) => columnOf.get(imageOfText[text]!)!),
    }, { keep: 0 });
    return ranks.map((rank) => ({
      ...rank,
      query: (rank.direction === "i2t" ? columns : rows)[rank.query]!,
      fold: fold + 1,
    }));
  });
}

/** `fold5_i2t_r1` and so on, and `fold5_rsum`: means over the folds, with equal weights. */
export function foldMetrics(
  ranks: readonly FoldRank[],
  { recallAt }: { readonly recallAt: readonly number[] },
): Record<string, number> {
  const parts = [...Map.groupBy(ranks, ({ fold }) => fold).values()];
  const each = parts.map((part) => recallMetrics(part, recallAt));
  return Object.fromEntries(
    Object.keys(each[0]!).map((name) => [
      `fold${parts.length}_${name}`,
      mean(each.map((metrics) => metrics[name]!)),
    ]),
  );
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
