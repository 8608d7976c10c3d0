import assert from "node:assert/strict";
import fc from "fast-check";
import { gridBoxes } from "../../../stages/extraction/region_finder.ts";
import type { Box } from "../../../stages/vision/picture.ts";
import { roiWeights } from "../../../stages/vision/roi_align.ts";

function weightsOf(boxes: readonly Box[], rows: number, columns: number): Float32Array {
  const weights = new Float32Array(boxes.length * rows * columns);
  roiWeights(boxes, { rows, columns }, weights);
  return weights;
}

/** One region of a map [rows, columns]. */
function pooled(map: readonly (readonly number[])[], box: Box): number {
  const weights = weightsOf([box], map.length, map[0]!.length);
  return map.flat().reduce((sum, value, cell) => sum + value * weights[cell]!, 0);
}

// By torchvision 0.29.2: roi_align(arange(20).view(1, 1, 4, 5) ** 1.5, [[0, x0, y0, x1, y1]], 1,
// aligned=True, sampling_ratio=-1), boxes in cells.
const map = [0, 1, 2, 3].map((row) => [0, 1, 2, 3, 4].map((column) => (5 * row + column) ** 1.5));
const torchvision: readonly (readonly [readonly [number, number, number, number], number])[] = [
  [[0, 0, 5, 4], 33.567696543210864],
  [[1, 1, 2, 2], 14.696938456699069],
  [[0.3, 0.2, 1.1, 3.9], 26.582757387715585],
  [[2.25, 1.5, 4.75, 2.5], 34.815557736158695],
  [[0, 0, 1.4, 0.8], 0.2749999910593033],
  [[4.2, 3.1, 5, 4], 82.8190799272728],
  [[1.6, 0.4, 1.9, 0.7], 2.1668898316652174],
];

Deno.test("regions equal those of torchvision's roi_align", () => {
  for (const [[x0, y0, x1, y1], expected] of torchvision) {
    const box = { x0: x0 / 5, y0: y0 / 4, x1: x1 / 5, y1: y1 / 4 };
    const found = pooled(map, box);
    assert.ok(Math.abs(found - expected) < 2e-5 * expected, `${[x0, y0, x1, y1]}: ${found}`);
  }
});

Deno.test("with a grid as fine as the map, regions are the map's cells", () => {
  const weights = weightsOf(gridBoxes(7), 7, 7);
  weights.forEach((weight, place) => {
    const same = Math.floor(place / 49) === place % 49;
    assert.ok(Math.abs(weight - (same ? 1 : 0)) < 1e-6);
  });
});

Deno.test("weights of a region are non-negative and sum to 1", () => {
  const edge = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(
    fc.tuple(edge, edge, edge, edge),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 12 }),
    ([a, b, c, d], rows, columns) => {
      const box = {
        x0: Math.min(a, b),
        x1: Math.max(a, b),
        y0: Math.min(c, d),
        y1: Math.max(c, d),
      };
      const weights = weightsOf([box], rows, columns);
      assert.ok(weights.every((weight) => weight >= 0));
      assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-5);
    },
  ));
});
