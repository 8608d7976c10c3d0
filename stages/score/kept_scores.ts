/**
 * Cross scores that outlive a stage: `scores: cross` and `scores: sum` of one model rank by the same
 * ones, and evaluations share a worker process. Elsewhere they are made again, to the same bits.
 */

/** Numbers that are kept at most, the latest: 64 MB. */
const most = 2 ** 24;
const kept = new Map<string, Float32Array>();

/**
 * @param decides everything that decides the scores, as plain data
 * @returns not to be changed
 */
export async function scoredOnce(
  decides: unknown,
  score: () => Promise<Float32Array>,
): Promise<Float32Array> {
  const key = JSON.stringify(decides);
  const found = kept.get(key);
  if (found !== undefined) return found;
  const made = await score();
  kept.set(key, made);
  let size = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
  for (const [oldest, { length }] of kept) {
    if (size <= most) break;
    kept.delete(oldest);
    size -= length;
  }
  return made;
}
