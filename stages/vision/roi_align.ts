/**
 * RoIAlign (He et al., "Mask R-CNN", 2017, section 3) with one bin per region: the mean of bilinear
 * samples of the map within the box, like torchvision's `roi_align(..., output_size=1, aligned=True,
 * sampling_ratio=-1)`: ceil(extent in cells) evenly spaced samples per direction.
 *
 * RoIAlign is linear in the map, so all regions are one matrix product: regions = weights * map.
 */
import type { Box } from "./picture.ts";

/**
 * Adds the weights of each box to `into`.
 *
 * @param boxes fractions of the picture
 * @param map its number of cells
 * @param into float32 [region, rows * columns], row-major, initially zeros
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

/** Cells and weights of all samples along one direction; the weights sum to 1. */
function samples(from: number, to: number, cells: number): [cell: number, weight: number][] {
  const count = Math.max(1, Math.ceil(to - from));
  const list: [number, number][] = [];
  for (let sample = 0; sample < count; sample++) {
    // The centre of cell c is at c + 0.5; beyond the outermost centres the map is extended as constant.
    const at = from + (sample + 0.5) * (to - from) / count - 0.5;
    const inside = Math.min(Math.max(at, 0), cells - 1);
    const low = Math.floor(inside);
    const part = inside - low;
    list.push([low, (1 - part) / count]);
    if (part > 0) list.push([low + 1, part / count]);
  }
  return list;
}
