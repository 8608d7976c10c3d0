/**
 * The pairs of a split, scored piece by piece: a piece is a number of texts with a tile of images. A killed
 * run goes on after its last piece, and memory is bounded by a piece, whatever the size of the split.
 */
import { rowLengths } from "../batch/row_tables.ts";
import type { ScorerOptions } from "./pair_scoring.ts";

/** Pairs of a piece, a multiple of every block. Two cores with AMX take five minutes for it with UNITER-base. */
export const pairsOfPiece = 2 ** 15;

/** Keeps the scores of pieces for a later run. */
export interface KeptPieces {
  /** Scores that an earlier, unfinished run has kept. @param count expected number of them */
  readonly kept?: (piece: number, count: number) => Promise<Float32Array | undefined>;
  readonly keep?: (piece: number, scores: Float32Array) => Promise<void>;
}

/** The scores of a piece: those that were kept, else new ones, which are kept then. */
export async function keptOrNew(
  { kept, keep }: KeptPieces,
  { piece, count }: { readonly piece: number; readonly count: number },
  score: () => Promise<Float32Array>,
): Promise<Float32Array> {
  const before = await kept?.(piece, count);
  if (before !== undefined) return before;
  const made = await score();
  await keep?.(piece, made);
  return made;
}

/**
 * Texts from short to long. Pieces of texts in this order fill their blocks, each of which has texts of
 * similar length.
 */
export function textsByLength({ set, index }: Pick<ScorerOptions, "set" | "index">): number[] {
  const { words } = rowLengths(set, index);
  return [...words.keys()].sort((a, b) => words[a]! - words[b]! || a - b);
}

/** Where one piece after another of a number of items begins and ends. */
export function* piecesOf(
  items: number,
  size: number,
): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < items; from += size) yield { from, to: Math.min(items, from + size) };
}
