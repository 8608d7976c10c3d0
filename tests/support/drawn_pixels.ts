/** Pixels by a formula: what goldens that were made elsewhere saw, too. uint8 [side, side, 3]. */
export function formulaPixels(side: number, seed: number): Uint8Array {
  const pixels = new Uint8Array(side * side * 3);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      for (let c = 0; c < 3; c++) {
        const wave = (x * (c + 1) + y * (seed + 2)) % 211;
        pixels[at++] = (wave + (x >> 4) * (y >> 4) * 17 * (seed + 1) + c * 40) % 256;
      }
    }
  }
  return pixels;
}
