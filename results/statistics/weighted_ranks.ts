/**
 * Spearman's correlation of rows with integer weights, as in a bootstrap: equals that of the rows
 * repeated as often. A column is sorted once instead of in every resample.
 */

export interface RankedColumn {
  /** Row indices, smallest value first. */
  readonly order: Int32Array;
  /** 1 if the value at this place of `order` equals the one before. */
  readonly tied: Uint8Array;
}

export function rankedColumn(values: readonly number[]): RankedColumn {
  const order = Int32Array.from(values, (_, row) => row)
    .sort((a, b) => values[a]! - values[b]! || a - b);
  return {
    order,
    tied: Uint8Array.from(
      order,
      (row, at) => at > 0 && values[row] === values[order[at - 1]!] ? 1 : 0,
    ),
  };
}

/**
 * Weighted ranks minus their mean, (total + 1) / 2. Equal values share their mean rank.
 *
 * @param weights how often each row counts; integers from 0
 */
export function centredRanks({ order, tied }: RankedColumn, weights: Int32Array): Float64Array {
  let total = 0;
  for (let row = 0; row < weights.length; row++) total += weights[row]!;
  const ranks = new Float64Array(weights.length);
  let before = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    let within = 0;
    do within += weights[order[to++]!]!; while (to < order.length && tied[to] === 1);
    const rank = before + (within - total) / 2;
    for (let at = from; at < to; at++) ranks[order[at]!] = rank;
    before += within;
    from = to;
  }
  return ranks;
}

/** @returns undefined for fewer than three rows, and if one side is constant */
export function weightedCorrelation(
  x: Float64Array,
  y: Float64Array,
  weights: Int32Array,
): number | undefined {
  let total = 0, both = 0, squaresX = 0, squaresY = 0;
  for (let row = 0; row < weights.length; row++) {
    const weight = weights[row]!;
    const left = weight * x[row]!;
    const right = y[row]!;
    total += weight;
    both += left * right;
    squaresX += left * x[row]!;
    squaresY += weight * right * right;
  }
  if (total < 3 || squaresX === 0 || squaresY === 0) return undefined;
  return both / Math.sqrt(squaresX * squaresY);
}
