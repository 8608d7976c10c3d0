/** Tensors against three recorded numbers of each: length, sum, and the sum of x[k] cos k. */
import assert from "node:assert/strict";
import type * as tf from "@tensorflow/tfjs-core";

export interface Statistics {
  readonly l2: number;
  readonly cosdot: number;
  readonly sum?: number;
}

export function statisticsOf(values: ArrayLike<number>): Required<Statistics> {
  let [squares, sum, cosdot] = [0, 0, 0];
  for (let k = 0; k < values.length; k++) {
    squares += values[k]! ** 2;
    sum += values[k]!;
    cosdot += values[k]! * Math.cos(k);
  }
  return { l2: Math.sqrt(squares), sum, cosdot };
}

export interface Tolerance {
  /** Of each number, as a part of the tensor's length. */
  readonly relative: number;
  /** Below this, all is noise. */
  readonly absolute: number;
}

/** @param expected null: nothing reaches this tensor, so all of it is 0 */
export function assertStatistics(
  name: string,
  tensor: tf.Tensor,
  expected: Statistics | null,
  { relative, absolute }: Tolerance,
): void {
  const found = statisticsOf(tensor.dataSync());
  const wanted = expected ?? { l2: 0, sum: 0, cosdot: 0 };
  const allowed = expected === null ? 0 : absolute + relative * wanted.l2;
  for (const [statistic, value] of Object.entries(wanted) as [keyof Statistics, number][]) {
    const far = Math.abs(found[statistic] - value);
    assert.ok(
      far <= allowed,
      `${statistic} of ${name} is ${found[statistic]}, recorded ${value}: ${far} apart`,
    );
  }
}
