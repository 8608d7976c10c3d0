/** Finds objects in a picture: regions of one colour that differ from the background. */
import { foreground } from "./background.ts";
import { colourGroups } from "./colour_groups.ts";
import type { Pixels } from "./pixels.ts";

export interface Region {
  /** Pixels, half-open: x1, y1, x2, y2. */
  readonly box: readonly [number, number, number, number];
  /** 1 for the region's pixels within its box, row by row. */
  readonly mask: Uint8Array;
  /** Number of the region's pixels. */
  readonly area: number;
}

export interface RegionOptions {
  /** Only this many of the largest regions are kept. */
  readonly maxRegions: number;
}

/** Half the width in pixels of gaps within an object that are closed (texture, reflections). */
const REACH = 2;
/** Smallest area of an object in pixels. */
const SMALLEST = 40;

/**
 * Regions ordered by their centres, from left to right, then from top to bottom. If nothing differs from the
 * background, the whole picture is one region, because models need at least one.
 */
export function findRegions(pixels: Pixels, { maxRegions }: RegionOptions): Region[] {
  const { width, height } = pixels;
  const { groups, count } = colourGroups(pixels, foreground(pixels));
  const found: Region[] = [];
  for (let group = 1; group <= count; group++) {
    const own = groups.map((g) => g === group ? 1 : 0);
    if (!hasSolidPart(own, width, height)) continue;
    const labels = components(dilated(own, width, height), width, height);
    found.push(...regionsOf(own, labels, width, height));
  }
  if (found.length === 0) {
    const mask = new Uint8Array(width * height).fill(1);
    return [{ box: [0, 0, width, height], mask, area: mask.length }];
  }
  const largest = found.sort((a, b) => b.area - a.area).slice(0, maxRegions);
  const centre = ({ box: [x1, y1, x2, y2] }: Region) => [x1 + x2, y1 + y2] as const;
  return largest.sort((a, b) => {
    const [[ax, ay], [bx, by]] = [centre(a), centre(b)];
    return ax - bx || ay - by;
  });
}

/** An object contains a block of 3 x 3 pixels; lines of blended pixels along edges do not. */
function hasSolidPart(own: Uint8Array, width: number, height: number): boolean {
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) if (isSolid(own, width, x, y)) return true;
  }
  return false;
}

function isSolid(own: Uint8Array, width: number, x: number, y: number): boolean {
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) if (own[(y + dy) * width + x + dx] === 0) return false;
  }
  return true;
}

/** Dilation by a square of side 2 * REACH + 1: first along rows, then along columns. */
function dilated(own: Uint8Array, width: number, height: number): Uint8Array {
  const along = (
    from: Uint8Array,
    step: number,
    length: number,
    lineOf: (line: number) => number,
    lines: number,
  ) => {
    const to = new Uint8Array(from.length);
    for (let line = 0; line < lines; line++) {
      const start = lineOf(line);
      for (let place = 0; place < length; place++) {
        if (from[start + place * step] === 0) continue;
        const [first, last] = [Math.max(0, place - REACH), Math.min(length - 1, place + REACH)];
        for (let near = first; near <= last; near++) to[start + near * step] = 1;
      }
    }
    return to;
  };
  const rows = along(own, 1, width, (line) => line * width, height);
  return along(rows, width, height, (line) => line, width);
}

/** Label of each pixel's connected component (8-neighbourhood), from 1. */
function components(mask: Uint8Array, width: number, height: number): Int32Array {
  const labels = new Int32Array(mask.length);
  let label = 0;
  const stack: number[] = [];
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] === 0 || labels[seed] !== 0) continue;
    labels[seed] = ++label;
    stack.push(seed);
    while (stack.length > 0) {
      const pixel = stack.pop()!;
      const [x, y] = [pixel % width, Math.floor(pixel / width)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const near = ny * width + nx;
          if (mask[near] === 1 && labels[near] === 0) {
            labels[near] = label;
            stack.push(near);
          }
        }
      }
    }
  }
  return labels;
}

function regionsOf(own: Uint8Array, labels: Int32Array, width: number, height: number): Region[] {
  const bounds = new Map<
    number,
    { box: [number, number, number, number]; area: number; solid: boolean }
  >();
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (own[pixel] === 0) continue;
      let entry = bounds.get(labels[pixel]!);
      if (entry === undefined) {
        entry = { box: [x, y, x + 1, y + 1], area: 0, solid: false };
        bounds.set(labels[pixel]!, entry);
      }
      const { box } = entry;
      box[0] = Math.min(box[0], x);
      box[2] = Math.max(box[2], x + 1);
      box[3] = y + 1;
      entry.area++;
      entry.solid ||= x > 0 && y > 0 && x < width - 1 && y < height - 1 &&
        isSolid(own, width, x, y);
    }
  }
  return [...bounds].filter(([, { area, solid }]) => solid && area >= SMALLEST)
    .map(([label, { box, area }]) => ({ box, area, mask: maskIn(box, own, labels, label, width) }));
}

function maskIn(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  own: Uint8Array,
  labels: Int32Array,
  label: number,
  width: number,
): Uint8Array {
  const mask = new Uint8Array((x2 - x1) * (y2 - y1));
  for (let y = y1, place = 0; y < y2; y++) {
    for (let x = x1; x < x2; x++, place++) {
      const pixel = y * width + x;
      mask[place] = own[pixel] === 1 && labels[pixel] === label ? 1 : 0;
    }
  }
  return mask;
}
