/**
 * What a region looks like, as numbers that a linear layer can read, all from the pixels of its crop:
 * colour, shape, texture and size, in this order.
 */
import { colourNumbers, colourWidth } from "./descriptors_colour.ts";
import { shapeNumbers, shapeWidth } from "./descriptors_shape.ts";
import { sizeNumbers, sizeWidth } from "./descriptors_size.ts";
import { textureNumbers, textureWidth } from "./descriptors_texture.ts";
import { toOklab } from "./perceptual_colour.ts";
import type { Pixels } from "./pixels.ts";
import type { Region } from "./regions.ts";

export const descriptorWidth = colourWidth + shapeWidth + textureWidth + sizeWidth;

/** `descriptorWidth` finite numbers, not yet standardised. */
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

/** Samples of the region's box: red, green, blue, alpha. */
function crop({ width, data }: Pixels, { box: [x1, y1, x2, y2] }: Region): Uint8ClampedArray {
  const across = x2 - x1;
  const rgba = new Uint8ClampedArray(4 * across * (y2 - y1));
  for (let y = y1; y < y2; y++) {
    const row = 4 * (y * width + x1);
    rgba.set(data.subarray(row, row + 4 * across), 4 * (y - y1) * across);
  }
  return rgba;
}
