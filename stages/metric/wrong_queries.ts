import { type Direction, type QueryRank, rankQueries, type ScoreMatrix } from "./recall.ts";

/** A query whose right answer does not come first. */
export interface WrongQuery extends QueryRank {
  /** Its best right answer: a text (i2t) or an image (t2i), and its score. */
  readonly right: { readonly answer: number; readonly score: number };
  /** The share of its wrong answers that come before that, ties included; 1 is the worst. */
  readonly above: number;
}

/** The worst first: by `above`, then by how far the first answer's score lies above the right one's. */
export function wrongQueries(
  matrix: ScoreMatrix,
  { count, keep, direction }: {
    readonly count: number;
    /** First answers that are told. */
    readonly keep: number;
    /** Both, when not given. */
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
