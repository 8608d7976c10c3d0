/**
 * A few widths that rows of many lengths are padded to, so that a few compiled programs suffice: those with
 * the fewest places in all.
 */

/**
 * @param lengths of the rows
 * @param most number of widths
 * @returns ascending; the last is the longest length
 */
export function fewWidths(lengths: Iterable<number>, most: number): number[] {
  const counts = new Map<number, number>();
  for (const length of lengths) counts.set(length, (counts.get(length) ?? 0) + 1);
  const sizes = [...counts.keys()].sort((a, b) => a - b);
  if (sizes.length === 0 || most < 1) throw new RangeError("internal: no lengths, or no widths");
  /** Rows of the `end` shortest sizes. */
  const rows = [0];
  for (const size of sizes) rows.push(rows.at(-1)! + counts.get(size)!);
  // The fewest places of the `end` shortest sizes, and the sizes before their last width.
  let best = sizes.map((width, last) => ({ places: rows[last + 1]! * width, widths: [width] }));
  for (let count = 2; count <= most; count++) {
    best = best.map((sofar, last) => {
      let least = sofar;
      for (let before = 0; before < last; before++) {
        const { places, widths } = best[before]!;
        const all = places + (rows[last + 1]! - rows[before + 1]!) * sizes[last]!;
        if (all < least.places) least = { places: all, widths: [...widths, sizes[last]!] };
      }
      return least;
    });
  }
  return best.at(-1)!.widths;
}
