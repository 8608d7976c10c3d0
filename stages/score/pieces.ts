/**
 * The pairs of a split, scored piece by piece: a piece is a number of texts with a tile of images. A killed
 * run goes on after its last piece, and memory is bounded by a piece, whatever the size of the split.
 */

/** Pairs of a piece: 1 MB of scores. A processor takes minutes for it, a GPU seconds. */
export const pairsOfPiece = 2 ** 18;

/** Keeps the scores of pieces for a later run. */
export interface KeptPieces {
  /** Scores that an earlier, unfinished run has kept. @param count expected number of them */
  readonly kept?: (piece: number, count: number) => Promise<Float32Array | undefined>;
  readonly keep?: (piece: number, scores: Float32Array) => Promise<void>;
}

/** Where one piece after another of a number of items begins and ends. */
export function* piecesOf(
  items: number,
  size: number,
): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < items; from += size) yield { from, to: Math.min(items, from + size) };
}
