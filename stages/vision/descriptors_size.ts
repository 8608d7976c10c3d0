/** Size of a region, so that a linear layer can tell small, middle and large apart. */

/** Half octaves, in pixels: what lies between two belongs to both in part. */
const STEPS = [12, 17, 24, 34, 48, 68, 96] as const;

export const sizeWidth = 3 + STEPS.length;

/** Logarithms of width, height and area, and the box's mean side on a scale of half octaves. */
export function sizeNumbers(width: number, height: number, area: number): number[] {
  const side = Math.log2(Math.sqrt(width * height) / STEPS[0]) * 2;
  const place = Math.min(STEPS.length - 1, Math.max(0, side));
  return [
    Math.log(width),
    Math.log(height),
    Math.log(area),
    ...STEPS.map((_, step) => Math.max(0, 1 - Math.abs(place - step))),
  ];
}
