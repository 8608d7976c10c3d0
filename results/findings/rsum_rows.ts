/** The sum of recalls, in which an image counts by its own query and by those of its captions. */
import type { ClusterRow } from "./hits.ts";

/**
 * Of rsum one row per image in place of one per direction: with a and n hits ahead and pairs of an
 * image in a direction, N all pairs of it,
 *
 *     difference = sum of a_i2t / N_i2t + sum of a_t2i / N_t2i
 *
 * is brought to one denominator, so that hits stay integers: ahead = (a_i2t N_t2i + a_t2i N_i2t) / g
 * over pairs = n_t2i N_i2t / g, where g divides both N. Where images have different numbers of
 * captions, a resample weighs i2t by its captions, too. Rows of other metrics stay as they are.
 *
 * @param rows of one variant and metric
 * @returns none where rsum lacks a direction
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
