/** Colour of a region, in Oklab. */
import { meanOf } from "./mask_measures.ts";

const HUES = 12;

export const colourWidth = 6 + HUES + 3;

/** A pixel with more chroma than this is counted for its hue, otherwise as grey. */
const CHROMA = 0.05;

/**
 * Mean and standard deviation of lightness, a and b; shares of 12 hues; shares of dark, middle and light grey.
 *
 * @param mask the region's pixels, at least one
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

/**
 * Converts sRGB to Oklab (Björn Ottosson, 2020, "A perceptual color space for image processing"): lightness
 * 0..1 and two opponent axes, in which equal distances look about equal.
 *
 * @param rgba 8-bit samples, four per pixel; alpha is ignored
 * @returns planes of one value per pixel: lightness, a (green to red), b (blue to yellow)
 */
export function toOklab(rgba: Uint8Array | Uint8ClampedArray): OklabPlanes {
  const count = rgba.length / 4;
  const planes = {
    lightness: new Float32Array(count),
    a: new Float32Array(count),
    b: new Float32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const red = linear[rgba[4 * i]!]!;
    const green = linear[rgba[4 * i + 1]!]!;
    const blue = linear[rgba[4 * i + 2]!]!;
    const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
    const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
    const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
    planes.lightness[i] = 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
    planes.a[i] = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
    planes.b[i] = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  }
  return planes;
}

export interface OklabPlanes {
  readonly lightness: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** Linear light of an 8-bit sRGB sample (IEC 61966-2-1). */
const linear = Float64Array.from({ length: 256 }, (_, sample) => {
  const value = sample / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});
