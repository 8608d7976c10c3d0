/**
 * ISDa: how far words and regions disagree about the objects that are annotated in both (arXiv
 * 2105.13868). No alignment is learned or chosen: annotation says which word is which region.
 *
 * Objects have several words and several regions. How the paper reduces these is not told and no public
 * code of it exists; our reading:
 *
 *     R[i, j] = mean over places p of object i of the sum over places q of object j of S[p, q]
 *
 * of S_LL over words and of S_VV over regions, each row divided by its sum over the annotated objects,
 * itself among them; ISDa = m-KL of the two.
 *
 * Since attention to an object is a sum, an object of many words gets more of it, with regions likewise:
 * attention that is the same everywhere is at distance 0 only where all objects have the same share of
 * words as of regions. So compare ISDa of models on the same captions, not its height.
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

/** ISDa of a pair; undefined of fewer than two objects, which have no relation. */
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
 * The relation of objects, rows summing to 1. A place of two objects counts for both. A row without any
 * attention to objects (each weight underflown) says nothing, and becomes uniform.
 *
 * @param places of each object, distinct, one at least
 */
export function objectRelation(
  attention: SquareMatrix,
  places: readonly (readonly number[])[],
): SquareMatrix {
  const size = places.length;
  const values = new Float64Array(size * size);
  places.forEach((own, row) => {
    places.forEach((other, column) => {
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
    throw new RangeError(`place ${Math.max(from, to)} of a relation over ${size} places`);
  }
  return values[from * size + to]!;
}
