/** Rows of rsum, in which an image counts through its own query and through those of its captions. */
import type { ClusterRow } from "./hits.ts";

/**
 * Merges the two rows that rsum has per image or family, one for each direction, into one. With a the hits
 * ahead and n the pairs of an image in a direction, and N all pairs of that direction,
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
    rows.filter(({ direction }) => direction === of)
      .reduce((sum, { pairs }) => sum + pairs.reduce((own, one) => own + one, 0), 0);
  const [images, texts] = [all("i2t"), all("t2i")];
  if (images === 0 || texts === 0) return [];
  const divisor = greatestDivisor(images, texts);
  const [perImage, perText] = [texts / divisor, images / divisor];
  return [...Map.groupBy(rows, ({ unit }) => unit).values()].map((own) => {
    const seeds = [...new Set(own.flatMap(({ seeds }) => seeds))].sort();
    /** Over both directions, for one seed. */
    const sum = (seed: string, of: (row: ClusterRow, at: number) => number) =>
      own.reduce((total, row) => {
        const at = row.seeds.indexOf(seed);
        return at < 0 ? total : total + of(row, at);
      }, 0);
    return {
      ...own[0]!,
      queries: own.reduce((total, { queries }) => total + queries, 0),
      seeds,
      pairs: seeds.map((seed) =>
        sum(seed, ({ direction, pairs }, at) => direction === "i2t" ? 0 : pairs[at]! * perText)
      ),
      ahead: seeds.map((seed) =>
        sum(
          seed,
          ({ direction, ahead }, at) => ahead[at]! * (direction === "i2t" ? perImage : perText),
        )
      ),
    };
  });
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
