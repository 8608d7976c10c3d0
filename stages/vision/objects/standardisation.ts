/** Standardises the numbers of descriptors. */

export interface Scale {
  readonly mean: Float32Array;
  /** Standard deviation; 1 for constant numbers. */
  readonly deviation: Float32Array;
}

/** Values are clipped at this many deviations. */
const LIMIT = 5;

/** @param rows at least one, of equal length: descriptors of the training split */
export function scaleOf(rows: readonly Float32Array[]): Scale {
  const width = rows[0]!.length;
  const mean = new Float64Array(width);
  for (const row of rows) row.forEach((value, i) => mean[i]! += value / rows.length);
  const variance = new Float64Array(width);
  for (const row of rows) {
    row.forEach((value, i) => variance[i]! += (value - mean[i]!) ** 2 / rows.length);
  }
  return {
    mean: Float32Array.from(mean),
    deviation: Float32Array.from(variance, (value) => value > 1e-8 ? Math.sqrt(value) : 1),
  };
}

/** (x - mean) / deviation, clipped to -5..5; row-major [rows, width]. */
export function standardise(
  rows: readonly Float32Array[],
  { mean, deviation }: Scale,
): Float32Array {
  const all = new Float32Array(rows.length * mean.length);
  rows.forEach((row, r) =>
    row.forEach((value, i) => {
      const scaled = (value - mean[i]!) / deviation[i]!;
      all[r * mean.length + i] = Math.max(-LIMIT, Math.min(LIMIT, scaled));
    })
  );
  return all;
}
