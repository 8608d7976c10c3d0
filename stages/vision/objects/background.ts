/**
 * Separates objects from a smooth background: each channel's background is modelled as a plane over the
 * picture, fitted first to the border and then to all pixels that it explains.
 */
import type { Pixels } from "./pixels.ts";

export interface BackgroundOptions {
  /** Largest distance of a background pixel from the plane in any channel, in grey levels. */
  readonly tolerance: number;
}

/** Width in pixels of the picture's border, to which the first planes are fitted. */
const RIM = 3;
/** Number of further fits, each to the pixels that the previous planes explain. */
const ROUNDS = 3;

/** 1 for foreground pixels, 0 for background: [height * width]. */
export function foreground(
  pixels: Pixels,
  { tolerance }: BackgroundOptions = { tolerance: 20 },
): Uint8Array {
  let mask = interior(pixels);
  for (let round = 0; round <= ROUNDS; round++) {
    mask = standsOut(pixels, fitPlanes(pixels, mask), tolerance);
  }
  return mask;
}

/** 1 for pixels that are not in the border. */
function interior({ width, height }: Pixels): Uint8Array {
  const mask = new Uint8Array(width * height);
  for (let y = RIM; y < height - RIM; y++) {
    mask.fill(1, y * width + Math.min(RIM, width), Math.max(y * width, (y + 1) * width - RIM));
  }
  return mask;
}

/** value = a + b x + c y, per channel. */
type Planes = readonly [Plane, Plane, Plane];
type Plane = readonly [number, number, number];

/** Least squares over the pixels where `mask` is 0. */
function fitPlanes({ width, height, data }: Pixels, mask: Uint8Array): Planes {
  const moments = new Float64Array(6); // of 1, x, y, x x, x y, y y
  const sums = new Float64Array(9); // of red, green, blue times 1, x, y
  const line = new Float64Array(6); // of red, green, blue; of each times x
  for (let y = 0, pixel = 0; y < height; y++) {
    let [n, sx, sxx] = [0, 0, 0];
    line.fill(0);
    for (let x = 0; x < width; x++, pixel++) {
      if (mask[pixel] !== 0) continue;
      n++;
      sx += x;
      sxx += x * x;
      for (let channel = 0; channel < 3; channel++) {
        const value = data[4 * pixel + channel]!;
        line[channel]! += value;
        line[3 + channel]! += value * x;
      }
    }
    [n, sx, n * y, sxx, sx * y, n * y * y].forEach((value, i) => moments[i]! += value);
    for (let channel = 0; channel < 3; channel++) {
      sums[channel]! += line[channel]!;
      sums[3 + channel]! += line[3 + channel]!;
      sums[6 + channel]! += line[channel]! * y;
    }
  }
  const [n, sx, sy, sxx, sxy, syy] = moments as unknown as readonly number[];
  const matrix = [[n!, sx!, sy!], [sx!, sxx!, sxy!], [sy!, sxy!, syy!]];
  const plane = (channel: number) =>
    solve3(matrix, [sums[channel]!, sums[3 + channel]!, sums[6 + channel]!]);
  return [plane(0), plane(1), plane(2)];
}

/** Cramer's rule; with too few pixels for a plane, their mean. */
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

/** 1 if any channel is farther than `tolerance` from its plane. */
function standsOut({ width, height, data }: Pixels, planes: Planes, tolerance: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  planes.forEach(([a, b, c], channel) => {
    for (let y = 0, pixel = 0; y < height; y++) {
      const start = a + c * y;
      for (let x = 0; x < width; x++, pixel++) {
        const off = data[4 * pixel + channel]! - (start + b * x);
        if (off > tolerance || off < -tolerance) mask[pixel] = 1;
      }
    }
  });
  return mask;
}
