/**
 * The sum of two ways to score: the cross-encoder's, and weight times the cosine of the branches.
 *
 *     sum(t, i) = (cross(t, i) - mean) / deviation + weight cos(t, i)
 *
 * Mean and standard deviation are over all pairs of the split in both directions alike: scores alone
 * decide them, never who belongs to whom. They only bring the two onto a scale that does not depend
 * on how far a ranking head has stretched its scores.
 */

export interface ScoreScale {
  readonly mean: number;
  /** Of equal scores 1, so that they stay 0. */
  readonly deviation: number;
}

/** Cross scores as they are. */
export const rawScale: ScoreScale = { mean: 0, deviation: 1 };

export function scaleOf(scores: Float32Array): ScoreScale {
  let sum = 0;
  for (const score of scores) sum += score;
  const mean = sum / scores.length;
  let squares = 0;
  for (const score of scores) squares += (score - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / scores.length) || 1 };
}

/** @param cosines of the same pairs */
export function summedScores(
  cross: Float32Array,
  cosines: Float32Array,
  { scale: { mean, deviation }, weight }: { readonly scale: ScoreScale; readonly weight: number },
): Float32Array {
  return cross.map((score, pair) => (score - mean) / deviation + weight * cosines[pair]!);
}
