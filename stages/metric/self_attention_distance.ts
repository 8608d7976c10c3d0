/**
 * Intra-modal self-attention distance (ISD) of matrices on the host, in float64: the m-KL of two relations
 * over the same positions (arXiv 2105.13868, equation 3). This is for measurements;
 * `objective/symmetric_kl.ts` is the same as a loss on the device.
 */

/** How much row i attends to column j, at [i * size + j]. */
export interface SquareMatrix {
  readonly size: number;
  readonly values: ArrayLike<number>;
}

/** Logarithms are of max(x, FLOOR), as in training: an attention weight may underflow. */
const FLOOR = 1e-30;

/**
 * m-KL(A, B) = mean over rows i of KL(A_i || B_i) + KL(B_i || A_i), with 0 log 0 = 0.
 * @param a rows sum to 1
 * @param b rows sum to 1
 */
export function selfAttentionDistance(a: SquareMatrix, b: SquareMatrix): number {
  if (a.size !== b.size) {
    throw new RangeError(`relations over ${a.size} and ${b.size} positions`);
  }
  let sum = 0;
  for (let index = 0; index < a.size * a.size; index++) {
    const [p, q] = [a.values[index]!, b.values[index]!];
    // P (log P - log Q) + Q (log Q - log P)
    sum += (p - q) * (Math.log(Math.max(p, FLOOR)) - Math.log(Math.max(q, FLOOR)));
  }
  return sum / Math.max(1, a.size);
}
