/** Shape of a region, independent of its size. */
import { areaOf, erode, fillHoles, meanOf } from "./mask_measures.ts";

/** Cells of the shape grids per direction. */
const GRID = 10;

export const shapeWidth = 2 * GRID * GRID + 6;

/** Occupancy of a 10 x 10 grid by the region, the same with its holes filled, and measures of the outline. */
export function shapeNumbers(mask: Uint8Array, width: number, height: number): number[] {
  const filled = fillHoles(mask, width, height);
  return [
    ...occupancy(mask, width, height),
    ...occupancy(filled, width, height),
    ...outlineMeasures(mask, filled, width, height),
  ];
}

/** Covered share of each grid cell, with the box stretched to a square. */
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

/**
 * Share of the box that is covered by the region and by the filled region; share of holes; roundness
 * 4 pi area / perimeter^2; second central moments along both axes, in units of the box.
 */
function outlineMeasures(
  mask: Uint8Array,
  filled: Uint8Array,
  width: number,
  height: number,
): number[] {
  const area = areaOf(mask);
  const whole = areaOf(filled);
  const edge = whole - areaOf(erode(filled, width));
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
