/**
 * Regularised canonical correlation analysis of the two views of matched pairs: the directions in both
 * views that are most correlated. Closed form, in float64, with the same results on every machine.
 *
 *     Cx = Xt X / n + a mean-variance(X) I,   Cy likewise,   C = Xt Y / n     (X, Y centred)
 *     Lx Lx^T = Cx,  Ly Ly^T = Cy,            Lx^-1 C Ly^-T = U S V^T
 *     projections: Lx^-T U S  and  Ly^-T V S, compared by their cosine
 *
 * Weighting each direction by its correlation S is usual in retrieval (Gong et al., IJCV 2014).
 */
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from "ml-matrix";

export interface CanonicalCorrelation {
  readonly x: Projection;
  readonly y: Projection;
  /** Per direction, descending, 0..1. */
  readonly correlations: Float64Array;
}

/** v -> (v - mean) matrix */
export interface Projection {
  readonly mean: Float64Array;
  /** [input, direction] */
  readonly matrix: Matrix;
}

export interface Ridge {
  /** Added to each variance of the view, as multiples of their mean. */
  readonly x: number;
  readonly y: number;
}

/**
 * @param x one row per image
 * @param y one row per text
 * @param xOfY for each row of y, the row of x that it is paired with
 * @param ridge greater than 0, so any number of pairs is enough
 */
export function canonicalCorrelation(
  x: readonly ArrayLike<number>[],
  y: readonly ArrayLike<number>[],
  xOfY: readonly number[],
  ridge: Ridge,
): CanonicalCorrelation {
  const counts = new Float64Array(x.length);
  for (const row of xOfY) counts[row]!++;
  const pairs = y.length;
  const meanX = weightedMean(x, counts, pairs);
  const meanY = weightedMean(y, new Float64Array(pairs).fill(1), pairs);
  // Centred, and each row scaled by the root of its share of the pairs: X^T X is then over pairs.
  const centredX = centred(x, meanX, (row) => Math.sqrt(counts[row]! / pairs));
  const centredY = centred(y, meanY, () => Math.sqrt(1 / pairs));
  const sums = Matrix.zeros(x.length, meanY.length);
  xOfY.forEach((row, text) => {
    for (let i = 0; i < meanY.length; i++) {
      sums.set(row, i, sums.get(row, i) + (y[text]![i]! - meanY[i]!) / pairs);
    }
  });
  const across = centred(x, meanX, () => 1).transpose().mmul(sums);
  const factorX = lowerFactor(centredX.transpose().mmul(centredX), ridge.x);
  const factorY = lowerFactor(centredY.transpose().mmul(centredY), ridge.y);
  // B = Lx^-1 C Ly^-T; singular vectors from the eigenvectors of B^T B or B B^T, whichever is smaller.
  const half = solveLower(factorX, across);
  const whitened = solveLower(factorY, half.transpose()).transpose();
  const { u, s, v } = singularVectors(whitened);
  const weighted = (vectors: Matrix) => vectors.mulRowVector(Array.from(s));
  return {
    x: { mean: meanX, matrix: weighted(solveUpper(factorX, u)) },
    y: { mean: meanY, matrix: weighted(solveUpper(factorY, v)) },
    correlations: s,
  };
}

/** Mean length of rows in the common space. */
export function meanLength(rows: readonly ArrayLike<number>[], projection: Projection): number {
  return projectedRows(rows, projection).to2DArray()
    .reduce((sum, row) => sum + Math.hypot(...row) / rows.length, 0);
}

/** Rows in the common space, of length 1. */
export function project(rows: readonly ArrayLike<number>[], projection: Projection): Matrix {
  const projected = projectedRows(rows, projection);
  for (let row = 0; row < projected.rows; row++) {
    let square = 0;
    for (let i = 0; i < projected.columns; i++) square += projected.get(row, i) ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    projected.mulRow(row, scale);
  }
  return projected;
}

function projectedRows(
  rows: readonly ArrayLike<number>[],
  { mean, matrix }: Projection,
): Matrix {
  return centred(rows, mean, () => 1).mmul(matrix);
}

function weightedMean(
  rows: readonly ArrayLike<number>[],
  weights: Float64Array,
  total: number,
): Float64Array {
  const mean = new Float64Array(rows[0]!.length);
  rows.forEach((row, index) => {
    for (let i = 0; i < mean.length; i++) mean[i]! += row[i]! * weights[index]! / total;
  });
  return mean;
}

function centred(
  rows: readonly ArrayLike<number>[],
  mean: Float64Array,
  scale: (row: number) => number,
): Matrix {
  const matrix = Matrix.zeros(rows.length, mean.length);
  rows.forEach((row, index) => {
    const factor = scale(index);
    for (let i = 0; i < mean.length; i++) matrix.set(index, i, (row[i]! - mean[i]!) * factor);
  });
  return matrix;
}

function lowerFactor(covariance: Matrix, ridge: number): Matrix {
  const size = covariance.rows;
  const added = ridge * covariance.trace() / size;
  // The 1 keeps a view that is constant from leading to a division by 0.
  for (let i = 0; i < size; i++) covariance.set(i, i, covariance.get(i, i) + (added || 1));
  return new CholeskyDecomposition(covariance).lowerTriangularMatrix;
}

/** L^-1 B */
function solveLower(lower: Matrix, b: Matrix): Matrix {
  const x = b.to2DArray();
  for (let row = 0; row < lower.rows; row++) {
    const own = x[row]!;
    for (let before = 0; before < row; before++) {
      const factor = lower.get(row, before);
      const other = x[before]!;
      for (let i = 0; i < own.length; i++) own[i]! -= factor * other[i]!;
    }
    const diagonal = lower.get(row, row);
    for (let i = 0; i < own.length; i++) own[i]! /= diagonal;
  }
  return new Matrix(x);
}

/** L^-T B */
function solveUpper(lower: Matrix, b: Matrix): Matrix {
  const x = b.to2DArray();
  for (let row = lower.rows - 1; row >= 0; row--) {
    const own = x[row]!;
    for (let after = row + 1; after < lower.rows; after++) {
      const factor = lower.get(after, row);
      const other = x[after]!;
      for (let i = 0; i < own.length; i++) own[i]! -= factor * other[i]!;
    }
    const diagonal = lower.get(row, row);
    for (let i = 0; i < own.length; i++) own[i]! /= diagonal;
  }
  return new Matrix(x);
}

/** The singular vectors of B = U S V^T with singular values above rounding errors, largest first. */
function singularVectors(b: Matrix): { u: Matrix; s: Float64Array; v: Matrix } {
  if (b.columns > b.rows) {
    const { u, s, v } = singularVectors(b.transpose());
    return { u: v, s, v: u };
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    b.transpose().mmul(b),
    { assumeSymmetric: true },
  );
  const largest = Math.max(...realEigenvalues);
  const order = realEigenvalues.map((_, index) => index)
    .filter((index) => realEigenvalues[index]! > 1e-12 * largest)
    .sort((a, z) => realEigenvalues[z]! - realEigenvalues[a]! || a - z);
  const s = Float64Array.from(order, (index) => Math.sqrt(realEigenvalues[index]!));
  const all = Array.from({ length: b.columns }, (_, row) => row);
  const v = eigenvectorMatrix.subMatrixRow(all).subMatrixColumn(order);
  const u = b.mmul(v);
  u.mulRowVector(Array.from(s, (value) => 1 / value));
  return { u, s, v };
}
