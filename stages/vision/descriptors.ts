/**
 * What a region looks like, as numbers that a linear layer can read: colour, shape on a grid, holes,
 * texture and size, all from the pixels of its crop.
 */
import { toOklab } from "./perceptual_colour.ts";
import type { Pixels } from "./pixels.ts";
import type { Region } from "./regions.ts";

/** Cells of the shape grids, each way. */
const GRID = 10;
const HUES = 12;

/**
 * In order: mean, spread (6) and hue histogram (12) in Oklab with 3 shares of dark, middle and light
 * grey; occupancy of a 10 x 10 grid by the region and by the region with its holes filled (200);
 * shape numbers (6); texture numbers (10); log sizes (3).
 */
export const descriptorWidth = 6 + HUES + 3 + 2 * GRID * GRID + 6 + 10 + 3;

export function describeRegion(pixels: Pixels, region: Region): Float32Array {
  const crop = cropOf(pixels, region);
  const filled = fillHoles(region.mask, crop.width, crop.height);
  const numbers = [
    ...colourNumbers(crop, region.mask),
    ...occupancy(region.mask, crop.width, crop.height),
    ...occupancy(filled, crop.width, crop.height),
    ...shapeNumbers(region.mask, filled, crop.width, crop.height),
    ...textureNumbers(crop, region.mask),
    Math.log(crop.width),
    Math.log(crop.height),
    Math.log(region.area),
  ];
  return Float32Array.from(numbers);
}

interface Crop {
  readonly width: number;
  readonly height: number;
  readonly lightness: Float32Array;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

function cropOf({ width, data }: Pixels, { box: [x1, y1, x2, y2] }: Region): Crop {
  const across = x2 - x1;
  const rgba = new Uint8ClampedArray(4 * across * (y2 - y1));
  for (let y = y1; y < y2; y++) {
    const row = 4 * (y * width + x1);
    rgba.set(data.subarray(row, row + 4 * across), 4 * (y - y1) * across);
  }
  return { width: across, height: y2 - y1, ...toOklab(rgba) };
}

function colourNumbers({ lightness, a, b }: Crop, mask: Uint8Array): number[] {
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
    if (chroma > 0.05) {
      const turn = Math.atan2(b[i]!, a[i]!) / (2 * Math.PI) + 0.5;
      histogram[Math.min(HUES - 1, Math.floor(turn * HUES))]!++;
    } else histogram[HUES + (lightness[i]! < 0.45 ? 0 : lightness[i]! < 0.75 ? 1 : 2)]!++;
  });
  return [...planes.flat(), ...histogram.map((count) => count / area)];
}

/** Share of each grid cell that is covered, the box stretched to a square. */
function occupancy(mask: Uint8Array, width: number, height: number): number[] {
  const cells = new Array<number>(GRID * GRID).fill(0);
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      let covered = 0;
      const samples = 3; // 3 x 3 samples of the nearest pixel per cell
      for (let sy = 0; sy < samples; sy++) {
        for (let sx = 0; sx < samples; sx++) {
          const y = Math.floor((row + (sy + 0.5) / samples) * height / GRID);
          const x = Math.floor((column + (sx + 0.5) / samples) * width / GRID);
          covered += mask[y * width + x]!;
        }
      }
      cells[row * GRID + column] = covered / samples ** 2;
    }
  }
  return cells;
}

/** The mask and what it encloses: all that the border cannot reach. */
function fillHoles(mask: Uint8Array, width: number, height: number): Uint8Array {
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

/** Extent, filled extent, share of holes, roundness, and spread along and across. */
function shapeNumbers(
  mask: Uint8Array,
  filled: Uint8Array,
  width: number,
  height: number,
): number[] {
  const area = sum(mask);
  const whole = sum(filled);
  let edge = 0;
  filled.forEach((own, i) => {
    if (own === 0) return;
    const x = i % width;
    const inside = x > 0 && x < width - 1 && i >= width && i < filled.length - width &&
      filled[i - 1] === 1 && filled[i + 1] === 1 && filled[i - width] === 1 &&
      filled[i + width] === 1;
    if (!inside) edge++;
  });
  const spread = (at: (i: number) => number, size: number) => {
    const middle = meanOf(filled, at);
    return meanOf(filled, (i) => ((at(i) - middle) / size) ** 2);
  };
  return [
    area / mask.length,
    whole / mask.length,
    1 - area / whole,
    4 * Math.PI * whole / edge ** 2,
    spread((i) => i % width, width),
    spread((i) => Math.floor(i / width), height),
  ];
}

/**
 * Lightness within the region, two tones cut at the middle of its range: range, share of the lighter
 * tone, changes of tone per row and per column and their balance, runs, and gradient energies.
 */
function textureNumbers({ width, height, lightness }: Crop, mask: Uint8Array): number[] {
  const inner = mask.map((own, i) => {
    const x = i % width;
    return own === 1 && x > 0 && x < width - 1 && i >= width && i < mask.length - width &&
        mask[i - 1] === 1 && mask[i + 1] === 1 && mask[i - width] === 1 && mask[i + width] === 1
      ? 1
      : 0;
  });
  if (sum(inner) < 9) return new Array(10).fill(0);
  const values = Array.from(inner.keys()).filter((i) => inner[i] === 1).map((i) => lightness[i]!)
    .sort((x, y) => x - y);
  const low = values[Math.floor(values.length * 0.08)]!;
  const high = values[Math.floor(values.length * 0.92)]!;
  const range = high - low;
  const textured = range > 0.06 ? 1 : 0;
  const cut = (low + high) / 2;
  const tone = (i: number) => (lightness[i]! > cut ? 1 : 0);
  const light = meanOf(inner, tone);
  const changes = (step: number, ends: (i: number) => boolean) => {
    let [pairs, changed, energy] = [0, 0, 0];
    inner.forEach((own, i) => {
      if (own === 0 || ends(i) || inner[i + step] !== 1) return;
      pairs++;
      if (tone(i) !== tone(i + step)) changed++;
      energy += Math.abs(lightness[i]! - lightness[i + step]!);
    });
    return [changed / Math.max(1, pairs), energy / Math.max(1, pairs)] as const;
  };
  const [along, energyAlong] = changes(1, (i) => i % width === width - 1);
  const [down, energyDown] = changes(width, (i) => i >= inner.length - width);
  const size = Math.sqrt(width * height);
  return [
    range,
    textured,
    textured * light,
    textured * along * size,
    textured * down * size,
    textured * (down - along) / Math.max(1e-6, along + down),
    textured * Math.min(along, down) * size,
    textured * (light < 0.6 ? 1 : 0),
    energyAlong * size,
    energyDown * size,
  ];
}

function meanOf(mask: Uint8Array, value: (i: number) => number): number {
  let [total, count] = [0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    total += value(i);
    count++;
  }
  return total / Math.max(1, count);
}

function sum(mask: Uint8Array): number {
  let total = 0;
  for (const own of mask) total += own;
  return total;
}
