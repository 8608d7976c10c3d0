/**
 * Groups foreground pixels by colour, so objects that touch or contain one another are separated while two
 * tones of one hue stay together. Hues are the peaks of the picture's own hue histogram; dark and light greys
 * are two more groups.
 */
import type { Pixels } from "./pixels.ts";

/** A pixel has a hue if its largest channel exceeds its smallest by at least this. */
const CHROMA = 45;
/** Hue bins of 3 degrees. */
const BINS = 120;
/** Smallest height of a peak, in pixels. */
const LEAST = 20;

/** Group of each pixel, from 1; 0 for background and pixels without a clear colour. */
export function colourGroups(
  pixels: Pixels,
  mask: Uint8Array,
): { readonly groups: Uint8Array; readonly count: number } {
  const { data } = pixels;
  const hues = new Int16Array(mask.length).fill(-1);
  const histogram = new Float64Array(BINS);
  const groups = new Uint8Array(mask.length);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (mask[pixel] === 0) continue;
    const [r, g, b] = [data[4 * pixel]!, data[4 * pixel + 1]!, data[4 * pixel + 2]!];
    const [low, high] = [Math.min(r, g, b), Math.max(r, g, b)];
    if (high - low >= CHROMA) {
      hues[pixel] = Math.floor(hueOf(r, g, b) / 360 * BINS) % BINS;
      histogram[hues[pixel]!]!++;
    } else if (high < 95) groups[pixel] = 1; // dark grey
    else if (low > 185) groups[pixel] = 2; // light grey
  }
  const { groupOfBin, count } = peaks(histogram);
  for (let pixel = 0; pixel < mask.length; pixel++) {
    if (hues[pixel]! >= 0) groups[pixel] = groupOfBin[hues[pixel]!]!;
  }
  return { groups, count: 2 + count };
}

function hueOf(r: number, g: number, b: number): number {
  const high = Math.max(r, g, b);
  const chroma = high - Math.min(r, g, b);
  const sixth = high === r
    ? ((g - b) / chroma + 6) % 6
    : high === g
    ? (b - r) / chroma + 2
    : (r - g) / chroma + 4;
  return 60 * sixth;
}

/** Assigns each hue to the nearest peak of the histogram; groups are numbered from 3. */
function peaks(histogram: Float64Array): { groupOfBin: Uint8Array; count: number } {
  const smooth = histogram.map((_, bin) =>
    [1, 2, 1].reduce(
      (sum, weight, k) => sum + weight * histogram[(bin + k - 1 + BINS) % BINS]!,
      0,
    ) / 4
  );
  const tops = Array.from(smooth.keys()).filter((bin) => {
    const [before, after] = [smooth[(bin + BINS - 1) % BINS]!, smooth[(bin + 1) % BINS]!];
    return smooth[bin]! >= LEAST && smooth[bin]! > before && smooth[bin]! >= after;
  });
  const separate: number[] = []; // peaks with a valley of less than a third of their height between them
  for (const top of tops) {
    const last = separate.at(-1);
    if (
      last === undefined || valley(smooth, last, top) < Math.min(smooth[last]!, smooth[top]!) / 3
    ) {
      separate.push(top);
    } else if (smooth[top]! > smooth[last]!) separate[separate.length - 1] = top;
  }
  if (separate.length > 1) { // The circle of hues closes: compare the last peak with the first.
    const [first, last] = [separate[0]!, separate.at(-1)!];
    if (valley(smooth, last, first + BINS) >= Math.min(smooth[first]!, smooth[last]!) / 3) {
      separate.splice(smooth[first]! < smooth[last]! ? 0 : -1, 1);
    }
  }
  const groupOfBin = new Uint8Array(BINS);
  for (let bin = 0; bin < BINS; bin++) {
    let nearest = 7; // bins: at most 20 degrees
    separate.forEach((top, group) => {
      const apart = Math.min(Math.abs(bin - top), BINS - Math.abs(bin - top));
      if (apart < nearest) [nearest, groupOfBin[bin]] = [apart, 3 + group];
    });
  }
  return { groupOfBin, count: separate.length };
}

function valley(smooth: Float64Array, from: number, to: number): number {
  let lowest = Infinity;
  for (let bin = from; bin <= to; bin++) lowest = Math.min(lowest, smooth[bin % BINS]!);
  return lowest;
}
