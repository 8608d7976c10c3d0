/** The queries that a model ranks worst. */
import { type Direction, type QueryRank, rankQueries, type ScoreMatrix } from "./recall.ts";

/** A query whose first answer is wrong. */
export interface WrongQuery extends QueryRank {
  /** Its best correct answer, a text (i2t) or an image (t2i), and the score. */
  readonly right: { readonly answer: number; readonly score: number };
  /** The fraction of its wrong answers before that, ties included; 1 is the worst. */
  readonly above: number;
}

/** The worst first: by `above`, then by the difference between the first and the correct answer's scores. */
export function wrongQueries(
  matrix: ScoreMatrix,
  { count, keep, direction }: {
    readonly count: number;
    /** Number of first answers to include. */
    readonly keep: number;
    /** By default both. */
    readonly direction?: Direction;
  },
): WrongQuery[] {
  const { scores, texts, images, imageOfText } = matrix;
  const textsOf = new Map<number, number>();
  for (const image of Array.from(imageOfText)) textsOf.set(image, (textsOf.get(image) ?? 0) + 1);
  const wrongAnswers = ({ direction, query }: QueryRank) =>
    direction === "t2i" ? images - 1 : texts - textsOf.get(query)!;
  const gap = ({ top, right }: WrongQuery) => top[0]!.score - right.score;
  return rankQueries(matrix, { keep })
    .filter((each) => each.rank > 1 && (direction ?? each.direction) === each.direction)
    .map((each): WrongQuery => ({
      ...each,
      right: bestRight(each),
      above: (each.rank - 1) / wrongAnswers(each),
    }))
    .sort((a, b) => b.above - a.above || gap(b) - gap(a))
    .slice(0, count);

  function bestRight({ direction, query }: QueryRank): WrongQuery["right"] {
    const right = direction === "t2i"
      ? [imageOfText[query]!]
      : Array.from({ length: texts }, (_, text) => text).filter((t) => imageOfText[t] === query);
    const score = (answer: number) =>
      direction === "t2i" ? scores[query * images + answer]! : scores[answer * images + query]!;
    const answer = right.reduce((best, each) => score(each) > score(best) ? each : best);
    return { answer, score: score(answer) };
  }
}
