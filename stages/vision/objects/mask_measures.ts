/** Operations on masks: one byte per pixel, row by row, 1 for pixels of the mask. */

/** Mean of a value over the pixels of a mask; 0 if it is empty. */
export function meanOf(mask: Uint8Array, value: (i: number) => number): number {
  let [total, count] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    total += value(i);
    count++;
  }
  return total / Math.max(1, count);
}

/** Number of pixels in a mask. */
export function areaOf(mask: Uint8Array): number {
  let area = 0;
  for (const own of mask) area += own;
  return area;
}

/** The mask without the pixels that have a neighbour outside it (4-neighbourhood). */
export function erode(mask: Uint8Array, width: number): Uint8Array {
  const inner = new Uint8Array(mask.length);
  for (let i = width; i < mask.length - width; i++) {
    const x = i % width;
    if (x === 0 || x === width - 1) continue;
    inner[i] = mask[i]! & mask[i - 1]! & mask[i + 1]! & mask[i - width]! & mask[i + width]!;
  }
  return inner;
}

/** The mask with its holes filled: every pixel that cannot be reached from the border. */
export function fillHoles(mask: Uint8Array, width: number, height: number): Uint8Array {
  const outside = new Uint8Array(mask.length);
  const stack: number[] = [];
  const visit = (pixel: number) => {
    if (mask[pixel] === 1 || outside[pixel] === 1) return;
    outside[pixel] = 1;
    stack.push(pixel);
  };
  for (let x = 0; x < width; x++) visit(x), visit((height - 1) * width + x);
  for (let y = 0; y < height; y++) visit(y * width), visit(y * width + width - 1);
  while (stack.length > 0) {
    const pixel = stack.pop()!;
    const x = pixel % width;
    if (x > 0) visit(pixel - 1);
    if (x < width - 1) visit(pixel + 1);
    if (pixel >= width) visit(pixel - width);
    if (pixel < mask.length - width) visit(pixel + width);
  }
  return outside.map((out) => 1 - out);
}
