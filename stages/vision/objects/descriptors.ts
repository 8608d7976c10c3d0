/**
 * Descriptors of a region's appearance that a linear layer can read, computed from the pixels of its crop:
 * colour, shape, texture and size, in this order.
 */
import { colourNumbers, colourWidth, toOklab } from "./descriptors_colour.ts";
import { shapeNumbers, shapeWidth } from "./descriptors_shape.ts";
import { textureNumbers, textureWidth } from "./descriptors_texture.ts";
import type { Pixels } from "./pixels.ts";
import type { Region } from "./regions.ts";

/** Sizes in pixels, half an octave apart; a size in between is interpolated. */
const STEPS = [12, 17, 24, 34, 48, 68, 96] as const;

const sizeWidth = 3 + STEPS.length;

export const descriptorWidth = colourWidth + shapeWidth + textureWidth + sizeWidth;

/** The descriptor of a region: `descriptorWidth` finite numbers, not yet standardised. */
export function describeRegion(pixels: Pixels, region: Region): Float32Array {
  const { mask, area, box: [x1, y1, x2, y2] } = region;
  const [width, height] = [x2 - x1, y2 - y1];
  const colours = toOklab(crop(pixels, region));
  return Float32Array.from([
    ...colourNumbers(colours, mask),
    ...shapeNumbers(mask, width, height),
    ...textureNumbers(colours.lightness, mask, width),
    ...sizeNumbers(width, height, area),
  ]);
}

/** Pixels of the region's box: red, green, blue, alpha. */
function crop({ width, data }: Pixels, { box: [x1, y1, x2, y2] }: Region): Uint8ClampedArray {
  const across = x2 - x1;
  const rgba = new Uint8ClampedArray(4 * across * (y2 - y1));
  for (let y = y1; y < y2; y++) {
    const row = 4 * (y * width + x1);
    rgba.set(data.subarray(row, row + 4 * across), 4 * (y - y1) * across);
  }
  return rgba;
}

/** Logarithms of width, height and area, and the geometric mean side, one-hot interpolated over `STEPS`. */
function sizeNumbers(width: number, height: number, area: number): number[] {
  const side = Math.log2(Math.sqrt(width * height) / STEPS[0]) * 2;
  const place = Math.min(STEPS.length - 1, Math.max(0, side));
  return [
    Math.log(width),
    Math.log(height),
    Math.log(area),
    ...STEPS.map((_, step) => Math.max(0, 1 - Math.abs(place - step))),
  ];
}
