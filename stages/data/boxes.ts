/** How well regions cover annotated boxes. */

export type Box = readonly [number, number, number, number];

/** Intersection over union of two boxes (x1, y1, x2, y2). */
export function iou([ax1, ay1, ax2, ay2]: Box, [bx1, by1, bx2, by2]: Box): number {
  const across = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1));
  const down = Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1));
  const both = across * down;
  return both / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - both);
}

/** The region that overlaps a box most, if by `threshold` at least. */
export function bestRegion(
  gold: Box,
  regions: readonly { readonly box: Box }[],
  { threshold = 0.5 }: { threshold?: number } = {},
): number | undefined {
  let best: number | undefined;
  let most = threshold;
  regions.forEach(({ box }, place) => {
    const overlap = iou(gold, box);
    if (overlap >= most) [best, most] = [place, overlap];
  });
  return best;
}

/**
 * The seven numbers by which UNITER knows where a region is: x1, y1, x2, y2, width and height as parts
 * of the picture's size, and width * height, multiplied in float32 as the release does.
 *
 * @param box pixels, half-open: x1, y1, x2, y2
 */
export function boxNumbers(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  { width, height }: { readonly width: number; readonly height: number },
): number[] {
  const w = Math.fround((x2 - x1) / width);
  const h = Math.fround((y2 - y1) / height);
  return [x1 / width, y1 / height, x2 / width, y2 / height, w, h, Math.fround(w * h)]
    .map(Math.fround);
}
