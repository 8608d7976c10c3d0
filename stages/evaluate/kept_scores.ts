/**
 * Cross-encoder scores that are kept so that they are computed once: in memory for the next evaluation
 * of a worker process, since `scores: cross` and `scores: sum` of one model rank by the same scores;
 * and in files, so that a killed evaluation can go on. Recomputing gives the same bits.
 */
import { readSafetensors, writeSafetensors } from "../data/formats/safetensors.ts";
import type { KeptPieces } from "../score/pieces.ts";

/** At most this many numbers are kept in memory (64 MB), the latest ones. */
const most = 2 ** 24;
const kept = new Map<string, Float32Array>();

/**
 * Scores, computed if they are not kept.
 * @param decides everything that the scores depend on, as plain data
 * @returns shared: do not change it
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

/** Scores of pieces in files: a killed evaluation goes on after its last complete piece. */
export function keptPieces(folder: string): KeptPieces {
  const fileOf = (piece: number) => `${folder}/scores-${piece}.safetensors`;
  return {
    async kept(piece, count) {
      const tensors = await readSafetensors(fileOf(piece)).catch(() => undefined);
      const scores = tensors?.get("scores")?.data;
      return scores instanceof Float32Array && scores.length === count ? scores : undefined;
    },
    async keep(piece, data) {
      const scores = { shape: [data.length], dtype: "F32" as const, data };
      await writeSafetensors(fileOf(piece), new Map([["scores", scores]]));
    },
  };
}
