/** Masks of one byte per pixel, row by row: 1 for the pixels that count. */

/** Mean of a number over the pixels of a mask; 0 when it is empty. */
export function meanOf(mask: Uint8Array, value: (i: number) => number): number {
  let [total, count] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    total += value(i);
    count++;
  }
  return total / Math.max(1, count);
}

/** Pixels of a mask. */
export function areaOf(mask: Uint8Array): number {
  let area = 0;
  for (const own of mask) area += own;
  return area;
}

/** The mask without the pixels that have a neighbour outside of it (4 neighbours). */
export function erode(mask: Uint8Array, width: number): Uint8Array {
  const inner = new Uint8Array(mask.length);
  for (let i = width; i < mask.length - width; i++) {
    const x = i % width;
    if (x === 0 || x === width - 1) continue;
    inner[i] = mask[i]! & mask[i - 1]! & mask[i + 1]! & mask[i - width]! & mask[i + width]!;
  }
  return inner;
}

/** The mask and what it encloses: all that the border cannot reach. */
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
