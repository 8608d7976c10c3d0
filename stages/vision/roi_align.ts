/**
 * RoIAlign (He et al., "Mask R-CNN", 2017, section 3) with one bin per region: the mean of bilinear
 * samples of the map within the box. As torchvision's `roi_align(..., output_size=1, aligned=True,
 * sampling_ratio=-1)`: ceil(extent in cells) samples in each direction, evenly spread.
 *
 * It is linear in the map, so that regions are one matrix product: region = weights * map.
 */
import type { Box } from "./picture.ts";

/**
 * @param boxes fractions of the picture
 * @param map how many cells it has
 * @param into float32 [region, rows * columns], row-major, zeros; region k at k * rows * columns
 */
export function roiWeights(
  boxes: readonly Box[],
  { rows, columns }: { readonly rows: number; readonly columns: number },
  into: Float32Array,
): void {
  boxes.forEach(({ x0, y0, x1, y1 }, region) => {
    const across = samples(x0 * columns, x1 * columns, columns);
    const down = samples(y0 * rows, y1 * rows, rows);
    for (const [row, rowWeight] of down) {
      for (const [column, columnWeight] of across) {
        into[(region * rows + row) * columns + column]! += rowWeight * columnWeight;
      }
    }
  });
}

/** Cell and weight of each sample along one direction; weights add up to 1 within the map. */
function samples(from: number, to: number, cells: number): [cell: number, weight: number][] {
  const count = Math.max(1, Math.ceil(to - from));
  const list: [number, number][] = [];
  for (let sample = 0; sample < count; sample++) {
    // Cell c has its centre at c + 0.5; beyond the outermost centres the map goes on as it ends.
    const at = from + (sample + 0.5) * (to - from) / count - 0.5;
    const inside = Math.min(Math.max(at, 0), cells - 1);
    const low = Math.floor(inside);
    const part = inside - low;
    list.push([low, (1 - part) / count]);
    if (part > 0) list.push([low + 1, part / count]);
  }
  return list;
}
