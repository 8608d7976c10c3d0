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
