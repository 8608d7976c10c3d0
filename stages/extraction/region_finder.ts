/** Where the regions of a photo are: one way per choice of `regions`. */
import type { PhotoParameters } from "./photo_parameters.ts";
import { gridBoxes } from "../vision/grid_boxes.ts";
import type { Box, RgbPicture } from "../vision/picture.ts";
import { findRegions } from "../vision/regions.ts";

export interface RegionFinder {
  /** No photo has more. */
  readonly most: number;
  /** At least one. */
  find(picture: RgbPicture): Promise<readonly Box[]>;
}

export async function regionFinder(
  { regions, grid, max_regions: most }: Pick<PhotoParameters, "regions" | "grid" | "max_regions">,
): Promise<RegionFinder> {
  switch (regions) {
    case "grid": {
      const boxes = gridBoxes(grid);
      return { most: boxes.length, find: () => Promise.resolve(boxes) };
    }
    case "proposals": {
      const { openProposals } = await import("../vision/proposals.ts");
      const propose = await openProposals();
      return { most, find: (picture) => Promise.resolve(propose(picture, { count: most })) };
    }
    case "objects":
      return { most, find: (picture) => Promise.resolve(objectBoxes(picture, most)) };
    default:
      return regions satisfies never;
  }
}

function objectBoxes({ width, height, pixels }: RgbPicture, maxRegions: number): Box[] {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[pixel * 4 + channel] = pixels[pixel * 3 + channel]!;
    }
  }
  return findRegions({ width, height, data }, { maxRegions }).map(({ box: [x1, y1, x2, y2] }) => ({
    x0: x1 / width,
    y0: y1 / height,
    x1: x2 / width,
    y1: y2 / height,
  }));
}
