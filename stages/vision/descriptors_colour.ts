/** Colour of a region, in Oklab. */
import { meanOf } from "./mask_measures.ts";
import type { OklabPlanes } from "./perceptual_colour.ts";

const HUES = 12;

export const colourWidth = 6 + HUES + 3;

/** Chroma from which on a pixel counts for its hue, not for a grey. */
const CHROMA = 0.05;

/**
 * Mean and deviation of lightness, a and b; shares of 12 hues; shares of dark, middle and light grey.
 *
 * @param mask the region's own pixels, one at least
 */
export function colourNumbers(
  { lightness, a, b }: OklabPlanes,
  mask: Uint8Array,
): number[] {
  const mean = (plane: Float32Array) => meanOf(mask, (i) => plane[i]!);
  const planes = [lightness, a, b].map((plane) => {
    const middle = mean(plane);
    return [middle, Math.sqrt(meanOf(mask, (i) => (plane[i]! - middle) ** 2))] as const;
  });
  const histogram = new Array<number>(HUES + 3).fill(0);
  let area = 0;
  mask.forEach((own, i) => {
    if (own === 0) return;
    area++;
    const chroma = Math.hypot(a[i]!, b[i]!);
    if (chroma > CHROMA) {
      const turn = Math.atan2(b[i]!, a[i]!) / (2 * Math.PI) + 0.5;
      histogram[Math.min(HUES - 1, Math.floor(turn * HUES))]!++;
    } else histogram[HUES + (lightness[i]! < 0.45 ? 0 : lightness[i]! < 0.75 ? 1 : 2)]!++;
  });
  return [...planes.flat(), ...histogram.map((count) => count / area)];
}
