/** Boxes of regions: their overlap, and the numbers that describe one to a model. */

/** x1, y1, x2, y2, in pixels or as fractions of an image; the far edges are exclusive. */
export type Box = readonly [number, number, number, number];

/** Intersection over union. */
export function iou([ax1, ay1, ax2, ay2]: Box, [bx1, by1, bx2, by2]: Box): number {
  const across = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1));
  const down = Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1));
  const both = across * down;
  return both / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - both);
}

/** Index of the region with the largest overlap, at least `threshold`; the last one of equals. */
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
 * The seven numbers with which UNITER describes a region's position: x1, y1, x2, y2, width and height as
 * fractions of the image's size, and width * height, multiplied in float32 as the release does.
 *
 * @param box in pixels
 */
export function boxNumbers(
  [x1, y1, x2, y2]: Box,
  { width, height }: { readonly width: number; readonly height: number },
): number[] {
  const w = Math.fround((x2 - x1) / width);
  const h = Math.fround((y2 - y1) / height);
  return [x1 / width, y1 / height, x2 / width, y2 / height, w, h, Math.fround(w * h)]
    .map(Math.fround);
}
