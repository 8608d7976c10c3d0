/**
 * ISDa, intra-modal self-attention distance over annotated objects (arXiv 2105.13868): how much the
 * attention among words differs from the attention among regions, between objects that are annotated
 * in both. No alignment is learned or chosen: the annotation says which words are which regions.
 *
 * An object has several words and several regions. The paper does not say how it reduces them, and its
 * code for this is not public. We use
 *
 *     R[i, j] = mean over positions p of object i of the sum over positions q of object j of S[p, q]
 *
 * for S_LL (words) and for S_VV (regions), with each row divided by its sum over the annotated objects,
 * itself included. ISDa is the m-KL of the two.
 *
 * Attention to an object is a sum, so an object with more words (or regions) gets more of it. Uniform
 * attention has distance 0 only if each object's share of words equals its share of regions. So compare
 * ISDa between models on the same captions; its absolute value means little.
 */
import { selfAttentionDistance, type SquareMatrix } from "./self_attention_distance.ts";

/** Indices are distinct and ascending; those of two objects may overlap. */
export interface AnnotatedObject {
  /** Indices of word pieces in the caption, without [CLS]. */
  readonly tokens: readonly number[];
  /** Indices of regions in the image. */
  readonly regions: readonly number[];
}

/** A pair's own relations: words (S_LL) and regions (S_VV). */
export interface OwnRelations {
  readonly tokens: SquareMatrix;
  readonly regions: SquareMatrix;
}

/** ISDa of a pair; undefined with fewer than two objects. */
export function annotatedDistance(
  { tokens, regions }: OwnRelations,
  objects: readonly AnnotatedObject[],
): number | undefined {
  if (objects.length < 2) return undefined;
  return selfAttentionDistance(
    objectRelation(tokens, objects.map((object) => object.tokens)),
    objectRelation(regions, objects.map((object) => object.regions)),
  );
}

/**
 * The relation of objects; rows sum to 1. A position that belongs to two objects counts for both. A row
 * without any attention to objects (all weights underflowed) becomes uniform.
 *
 * @param positions of each object: distinct, at least one
 */
export function objectRelation(
  attention: SquareMatrix,
  positions: readonly (readonly number[])[],
): SquareMatrix {
  const size = positions.length;
  const values = new Float64Array(size * size);
  positions.forEach((own, row) => {
    positions.forEach((other, column) => {
      let sum = 0;
      for (const from of own) {
        for (const to of other) sum += weight(attention, from, to);
      }
      values[row * size + column] = sum / own.length;
    });
    const total = values.subarray(row * size, (row + 1) * size).reduce((sum, x) => sum + x, 0);
    for (let column = 0; column < size; column++) {
      const at = row * size + column;
      values[at] = total > 0 ? values[at]! / total : 1 / size;
    }
  });
  return { size, values };
}

function weight({ size, values }: SquareMatrix, from: number, to: number): number {
  if (from >= size || to >= size) {
    throw new RangeError(`position ${Math.max(from, to)} of a relation over ${size} positions`);
  }
  return values[from * size + to]!;
}
