/**
 * Recall@K from a matrix of scores, in both directions: an image asks for its captions (i2t), a
 * caption asks for its image (t2i).
 *
 * Tie rule: pessimistic. A right answer ranks behind every wrong answer of equal score, so a model
 * that scores everything alike gets nothing. The number of such ties is kept for each query.
 * (The release rounds scores to float16 first and leaves ties to the sorting algorithm.)
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";

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

/** How one query fared. */
export interface QueryRank {
  readonly direction: Direction;
  /** Row (t2i) or column (i2t) of the query. */
  readonly query: number;
  /** From 1: where the best right answer stands. */
  readonly rank: number;
  /** Wrong answers that score exactly as the best right one does. */
  readonly ties: number;
  /** From 1: where each right answer stands, ascending; the first is `rank`. */
  readonly rightRanks: readonly number[];
  /** The first answers, best first; of equal scores wrong ones first, then lower numbers. */
  readonly top: readonly { readonly answer: number; readonly score: number }[];
}

/**
 * Ranks every query: all images that have a text (in column order), then all texts (in row order).
 * Images without a text are candidates only.
 * @throws {Complaint} when a score is not a finite number.
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
      "train again with a lower learning rate: the weights have left the finite numbers",
      { exitCode: 1 },
    );
  }
  const column = (image: number) =>
    Float32Array.from({ length: texts }, (_, text) => scores[text * images + image]!);
  const row = (text: number) => scores.subarray(text * images, (text + 1) * images);
  const asked = new Set(Array.from(imageOfText));
  return [
    ...Array.from({ length: images }, (_, image) => image)
      .filter((image) => asked.has(image))
      .map((image) =>
        rankOne("i2t", image, column(image), (text) => imageOfText[text] === image, keep)
      ),
    ...Array.from(
      { length: texts },
      (_, text) => rankOne("t2i", text, row(text), (image) => imageOfText[text] === image, keep),
    ),
  ];
}

/** The fraction of a direction's queries that have a right answer among the first k. */
export function recallAt(ranks: readonly QueryRank[], direction: Direction, k: number): number {
  const asked = ranks.filter((rank) => rank.direction === direction);
  return asked.filter(({ rank }) => rank <= k).length / asked.length;
}

/** Recall@1, 5 and 10 in both directions, as fractions, and `rsum`, the sum of the six (at most 6). */
export function recallMetrics(ranks: readonly QueryRank[]): Record<string, number> {
  const metrics = Object.fromEntries(
    (["i2t", "t2i"] as const).flatMap((direction) =>
      [1, 5, 10].map((k) => [`${direction}_r${k}`, recallAt(ranks, direction, k)] as const)
    ),
  );
  const rsum = Object.values(metrics).reduce((sum, value) => sum + value, 0);
  return { ...metrics, rsum };
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
 * Where each right answer stands, ascending, from 1, behind every wrong answer of equal score; and how
 * many wrong answers score exactly as the best right one does.
 */
export function rightRanks(
  scores: Float32Array,
  isRight: (answer: number) => boolean,
): { readonly ranks: number[]; readonly ties: number } {
  const right = scores.filter((_, answer) => isRight(answer)).sort().reverse();
  // Wrong answers at or above the right answer of each place.
  const before = new Int32Array(right.length);
  let ties = 0;
  for (let answer = 0; answer < scores.length; answer++) {
    const score = scores[answer]!;
    // Most are below every right answer: then nothing is asked.
    if (!(score >= right[right.length - 1]!) || isRight(answer)) continue;
    for (let at = right.length - 1; at >= 0 && score >= right[at]!; at--) before[at]!++;
    if (score === right[0]) ties++;
  }
  return { ranks: Array.from(before, (wrong, at) => at + 1 + wrong), ties };
}

/** The first answers: by score, of equal scores wrong ones first, then lower numbers. */
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
    let place = best.length;
    while (place > 0 && before(answer, best[place - 1]!) < 0) place--;
    best.splice(place, 0, answer);
    if (best.length > keep) best.pop();
  }
  return best;
}
