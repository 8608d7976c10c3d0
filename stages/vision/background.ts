/**
 * Tells objects from a smooth background: each channel's background is a plane over the picture,
 * fitted to the border first and then to all that it explains.
 */
import type { Pixels } from "./pixels.ts";

export interface BackgroundOptions {
  /** Largest distance, in grey levels of any channel, of a pixel from the background it belongs to. */
  readonly tolerance: number;
}

/** 1 where a pixel stands out from the background: [height * width]. */
export function foreground(
  pixels: Pixels,
  { tolerance }: BackgroundOptions = { tolerance: 20 },
): Uint8Array {
  const { width, height } = pixels;
  const border = 3;
  const atBorder = (x: number, y: number) =>
    x < border || y < border || x >= width - border || y >= height - border;
  let planes = fitPlanes(pixels, atBorder);
  for (let round = 0; round < 3; round++) {
    const fitted = planes;
    planes = fitPlanes(pixels, (x, y) => distance(pixels, fitted, x, y) <= tolerance);
  }
  const mask = new Uint8Array(width * height);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      mask[pixel] = distance(pixels, planes, x, y) > tolerance ? 1 : 0;
    }
  }
  return mask;
}

/** value = a + b x + c y, per channel, by least squares. */
type Plane = readonly [number, number, number];

function fitPlanes(pixels: Pixels, counts: (x: number, y: number) => boolean): Plane[] {
  const { width, height, data } = pixels;
  let [n, sx, sy, sxx, sxy, syy] = [0, 0, 0, 0, 0, 0];
  const sums = [0, 1, 2].map(() => [0, 0, 0]);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (!counts(x, y)) continue;
      n++;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
      syy += y * y;
      for (let channel = 0; channel < 3; channel++) {
        const value = data[4 * pixel + channel]!;
        const sum = sums[channel]!;
        sum[0]! += value;
        sum[1]! += value * x;
        sum[2]! += value * y;
      }
    }
  }
  const matrix = [[n, sx, sy], [sx, sxx, sxy], [sy, sxy, syy]];
  return sums.map((sum) => solve3(matrix, sum));
}

/** Cramer's rule; a picture too thin for a plane gets its mean. */
function solve3(m: readonly number[][], right: readonly number[]): Plane {
  const det = (a: readonly number[][]) =>
    a[0]![0]! * (a[1]![1]! * a[2]![2]! - a[1]![2]! * a[2]![1]!) -
    a[0]![1]! * (a[1]![0]! * a[2]![2]! - a[1]![2]! * a[2]![0]!) +
    a[0]![2]! * (a[1]![0]! * a[2]![1]! - a[1]![1]! * a[2]![0]!);
  const whole = det(m);
  if (Math.abs(whole) < 1e-6) return [right[0]! / Math.max(1, m[0]![0]!), 0, 0];
  const column = (k: number) =>
    det(m.map((row, i) => row.map((value, j) => j === k ? right[i]! : value))) / whole;
  return [column(0), column(1), column(2)];
}

function distance({ width, data }: Pixels, planes: readonly Plane[], x: number, y: number): number {
  const pixel = 4 * (y * width + x);
  let most = 0;
  for (let channel = 0; channel < 3; channel++) {
    const [a, b, c] = planes[channel]!;
    most = Math.max(most, Math.abs(data[pixel + channel]! - (a + b * x + c * y)));
  }
  return most;
}
