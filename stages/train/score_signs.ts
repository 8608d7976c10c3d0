/** The signs of a collapse: how far competing scores are spread, and how often wrong ones win. */

export interface ScoreSigns {
  /** Standard deviation of the competing scores, mean over queries. */
  readonly spread: number;
  /** Share of wrong answers that score above the correct one; ties count half, 0.5 is chance. */
  readonly wrongAbove: number;
}

/**
 * For scores that say for each pair whether it matches.
 * @returns undefined if all pairs match, or none does
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
 * For rows of candidates, one of which is right.
 * @param scores [row, candidate] @param rightOf the column of the correct one
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

/** For a square matrix whose diagonal is right. @param scores [row, row] */
export function signsOfGrid(scores: ArrayLike<number>): ScoreSigns {
  return signsOfRows(scores, Math.sqrt(scores.length), (row) => row);
}

/** Share of `scores` that are above a score; equal ones count half. */
function above(scores: readonly number[], score: number): number {
  return mean(scores.map((other) => other > score ? 1 : other === score ? 0.5 : 0));
}

function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
}

/** 0 without values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
