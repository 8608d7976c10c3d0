/** How far scores that compete are apart, and whether the right one wins: what a collapse shows in. */

export interface ScoreSigns {
  /** Standard deviation of the scores that compete, mean over queries. */
  readonly spread: number;
  /** Fraction of wrong answers above the right one, ties half; 0.5 is chance. */
  readonly wrongAbove: number;
}

/**
 * Of scores that say of each pair by itself whether it matches.
 * @returns undefined where all match or none does
 */
export function signsOfPairs(
  scores: ArrayLike<number>,
  matched: ArrayLike<number>,
): ScoreSigns | undefined {
  const all = Array.from(scores);
  const right = all.filter((_, pair) => matched[pair] === 1);
  const wrong = all.filter((_, pair) => matched[pair] !== 1);
  if (right.length === 0 || wrong.length === 0) return undefined;
  return {
    spread: deviation(all),
    wrongAbove: mean(right.map((score) => above(wrong, score))),
  };
}

/**
 * Of rows of candidates, one of which is right.
 * @param scores [row, candidate] @param rightOf column of the right one
 */
export function signsOfRows(
  scores: ArrayLike<number>,
  candidates: number,
  rightOf: (row: number) => number,
): ScoreSigns {
  const rows = Array.from(
    { length: scores.length / candidates },
    (_, row) => Array.from({ length: candidates }, (_, at) => scores[row * candidates + at]!),
  );
  return {
    spread: mean(rows.map(deviation)),
    wrongAbove: mean(rows.map((row, place) => {
      const right = rightOf(place);
      return above(row.filter((_, at) => at !== right), row[right]!);
    })),
  };
}

/** Of a square of scores, whose diagonal is right. @param scores [row, row] */
export function signsOfGrid(scores: ArrayLike<number>): ScoreSigns {
  return signsOfRows(scores, Math.sqrt(scores.length), (row) => row);
}

/** Share of `scores` above a score. */
function above(scores: readonly number[], score: number): number {
  return mean(scores.map((other) => other > score ? 1 : other === score ? 0.5 : 0));
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
