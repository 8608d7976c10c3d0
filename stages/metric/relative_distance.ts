/**
 * A distance of captions with their own pictures, relative to that of the same captions with wrong
 * pictures, from the means of both over captions: a ratio of means, since single distances may be
 * near 0. 1: the distance does not know which picture belongs to the caption. Below 1: own pairs agree
 * more. Distances of uniform attention are 0 in both: 1.
 */

/**
 * Nats per row. Added to both, so that distances that float32, or eps in the logarithms, cannot tell
 * from 0 give 1 rather than a ratio of rounding errors.
 */
export const resolution = 1e-5;

/** @param own mean over captions, nats per row @param wrong the same with wrong pictures */
export function relativeDistance(own: number, wrong: number): number {
  return (Math.max(0, own) + resolution) / (Math.max(0, wrong) + resolution);
}
