/**
 * Ranks of correct answers and recall@K from a matrix of scores, in both directions: from an image to its
 * captions (i2t), from a caption to its image (t2i).
 *
 * Ties are resolved pessimistically: a correct answer ranks after every wrong answer of equal score, so a
 * model that gives all pairs the same score gets nothing. Each query's number of ties is recorded. (The
 * release rounds scores to float16 first and leaves ties to the sorting algorithm.)
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import { columnsOf } from "./columns.ts";

/** Scores of every text with every image. */
export interface ScoreMatrix {
  /** Row-major [text, image]. */
  readonly scores: Float32Array;
  readonly texts: number;
  readonly images: number;
  /** For each text, the column of its image. */
  readonly imageOfText: ArrayLike<number>;
}

/** Image to text, or text to image. */
export type Direction = "i2t" | "t2i";

/** The result of one query. */
export interface QueryRank {
  readonly direction: Direction;
  /** Row (t2i) or column (i2t) of the query. */
  readonly query: number;
  /** Of the best correct answer, from 1. */
  readonly rank: number;
  /** Number of wrong answers with exactly the score of the best correct one. */
  readonly ties: number;
  /** Of all correct answers, ascending, from 1; the first is `rank`. */
  readonly rightRanks: readonly number[];
  /** The first answers, best first; at equal scores wrong ones first, then lower indices. */
  readonly top: readonly { readonly answer: number; readonly score: number }[];
}

/**
 * Ranks every query: all images that have a text (in column order), then all texts (in row order).
 * Images without a text are only candidates.
 * @throws {Complaint} when a score is not a finite number
 */
export function rankQueries(
  matrix: ScoreMatrix,
  { keep = 10 }: { keep?: number } = {},
): QueryRank[] {
  const { scores, texts, images, imageOfText } = matrix;
  if (scores.length !== texts * images || imageOfText.length !== texts) {
    throw new Error(
      `internal: ${scores.length} scores and ${imageOfText.length} images of texts ` +
        `for ${texts} texts and ${images} images`,
    );
  }
  const broken = scores.findIndex((score) => !Number.isFinite(score));
  if (broken >= 0) {
    throw new Complaint(
      `the score of text ${Math.floor(broken / images)} and image ${broken % images} is ` +
        `${scores[broken]}, so nothing can be ranked`,
      "train again with a lower learning rate: the weights are no longer finite",
      { exitCode: 1 },
    );
  }
  const row = (text: number) => scores.subarray(text * images, (text + 1) * images);
  const withText = new Set(Array.from(imageOfText));
  return [
    ...columnsOf(scores, { rows: texts, columns: images }).flatMap((column, image) =>
      withText.has(image)
        ? [rankOne("i2t", image, column, (text) => imageOfText[text] === image, keep)]
        : []
    ),
    ...Array.from(
      { length: texts },
      (_, text) => rankOne("t2i", text, row(text), (image) => imageOfText[text] === image, keep),
    ),
  ];
}

/** The fraction of a direction's queries with a correct answer among the first k. */
export function recallAt(ranks: readonly QueryRank[], direction: Direction, k: number): number {
  const queries = ranks.filter((rank) => rank.direction === direction);
  return queries.filter(({ rank }) => rank <= k).length / queries.length;
}

function rankOne(
  direction: Direction,
  query: number,
  scores: Float32Array,
  isRight: (answer: number) => boolean,
  keep: number,
): QueryRank {
  const { ranks, ties } = rightRanks(scores, isRight);
  const top = bestAnswers(scores, isRight, keep)
    .map((answer) => ({ answer, score: scores[answer]! }));
  return { direction, query, rank: ranks[0]!, ties, rightRanks: ranks, top };
}

/**
 * The ranks of all correct answers, ascending, from 1, each after every wrong answer of equal score; and
 * the number of wrong answers with exactly the score of the best correct one.
 */
export function rightRanks(
  scores: Float32Array,
  isRight: (answer: number) => boolean,
): { readonly ranks: number[]; readonly ties: number } {
  const right = scores.filter((_, answer) => isRight(answer)).sort().reverse();
  // Number of wrong answers at or above each correct answer.
  const before = new Int32Array(right.length);
  let ties = 0;
  for (let answer = 0; answer < scores.length; answer++) {
    const score = scores[answer]!;
    // Most answers are below every correct one: skip them early.
    if (!(score >= right[right.length - 1]!) || isRight(answer)) continue;
    for (let at = right.length - 1; at >= 0 && score >= right[at]!; at--) before[at]!++;
    if (score === right[0]) ties++;
  }
  return { ranks: Array.from(before, (wrong, at) => at + 1 + wrong), ties };
}

/** The first answers: by score; at equal scores wrong ones first, then lower indices. */
function bestAnswers(
  scores: Float32Array,
  isRight: (answer: number) => boolean,
  keep: number,
): number[] {
  const before = (a: number, b: number) =>
    scores[b]! - scores[a]! || Number(isRight(a)) - Number(isRight(b)) || a - b;
  const best: number[] = [];
  for (let answer = 0; answer < scores.length; answer++) {
    if (best.length === keep && before(answer, best[keep - 1]!) >= 0) continue;
    let at = best.length;
    while (at > 0 && before(answer, best[at - 1]!) < 0) at--;
    best.splice(at, 0, answer);
    if (best.length > keep) best.pop();
  }
  return best;
}
