/** Rows of rsum, in which an image counts through its own query and through those of its captions. */
import type { ClusterRow } from "./hits.ts";

/**
 * Merges the two rows that rsum has per image, one for each direction, into one. With a the hits ahead
 * and n the pairs of an image in a direction, and N all pairs of that direction,
 *
 *     difference = sum of a_i2t / N_i2t + sum of a_t2i / N_t2i
 *
 * is brought to a common denominator, so that hits stay integers: ahead = (a_i2t N_t2i + a_t2i N_i2t) / g
 * over pairs = n_t2i N_i2t / g, where g is the greatest common divisor of both N. Where images have
 * different numbers of captions, a resample also weights i2t by the number of captions. Rows of other
 * metrics are returned unchanged.
 *
 * @param rows of one variant and metric
 * @returns no rows where rsum has only one direction
 */
export function ofBothDirections(rows: readonly ClusterRow[]): readonly ClusterRow[] {
  if (rows[0]?.metric !== "rsum") return rows;
  const all = (of: string) =>
    rows.reduce((sum, { direction, pairs }) => sum + (direction === of ? pairs : 0), 0);
  const [images, texts] = [all("i2t"), all("t2i")];
  if (images === 0 || texts === 0) return [];
  const divisor = greatestDivisor(images, texts);
  const [perImage, perText] = [texts / divisor, images / divisor];
  return [...Map.groupBy(rows, ({ image }) => image).values()].map((own) => {
    const row = own[0]!;
    const counted = own.map(({ direction, ahead, pairs, queries }) => ({
      ahead: ahead * (direction === "i2t" ? perImage : perText),
      pairs: direction === "i2t" ? 0 : pairs * perText,
      queries,
    }));
    const sum = (name: "ahead" | "pairs" | "queries") =>
      counted.reduce((total, one) => total + one[name], 0);
    return { ...row, ahead: sum("ahead"), pairs: sum("pairs"), queries: sum("queries") };
  });
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
