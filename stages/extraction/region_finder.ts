/** Finds the regions of a photo: one method per value of `regions`, or a user's own detector. */
import type { DetectorOptions } from "../vision/detector/detector_options.ts";
import { BadPhoto, decodePhoto } from "../vision/photo_pixels.ts";
import type { Box, RgbPicture } from "../vision/picture.ts";
import { findRegions } from "../vision/objects/regions.ts";
import type { DetectionParameters, PhotoParameters } from "./photo_parameters.ts";

export interface FoundRegions {
  /** At least one. */
  readonly boxes: readonly Box[];
  /** [box, width], from a detector; if absent, the backbone describes the boxes. */
  readonly features?: Float32Array;
  /** [box, class]: class probabilities from a detector. */
  readonly classes?: Float32Array;
}

export interface RegionFinder extends AsyncDisposable {
  /** Largest number of regions per photo. */
  readonly most: number;
  /** Whether it returns features. */
  readonly describes: boolean;
  /** @param photo the path of its file, and the decoded input of the backbone */
  find(photo: { readonly file: string; readonly picture: RgbPicture }): Promise<FoundRegions>;
}

type FinderParameters = Pick<PhotoParameters, "regions" | "grid" | "max_regions" | "detection">;

/** @param files with a detector: its file and the folder of its runtime */
export async function regionFinder(
  { regions, grid, max_regions: most, detection }: FinderParameters,
  files: Readonly<Record<string, string>>,
): Promise<RegionFinder> {
  if (detection !== undefined) return await detectorRegions(detection, { most, files });
  switch (regions) {
    case "grid": {
      const boxes = gridBoxes(grid);
      return boxesOnly(boxes.length, () => boxes);
    }
    case "proposals": {
      const { openProposals } = await import("../vision/proposals/proposals.ts");
      const propose = await openProposals();
      return boxesOnly(most, (picture) => propose(picture, { count: most }));
    }
    case "objects":
      return boxesOnly(most, (picture) => objectBoxes(picture, most));
    default:
      return regions satisfies never;
  }
}

function boxesOnly(
  most: number,
  boxes: (picture: RgbPicture) => readonly Box[],
): RegionFinder {
  return {
    most,
    describes: false,
    find: ({ picture }) => Promise.resolve({ boxes: boxes(picture) }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function detectorRegions(
  detection: DetectionParameters,
  { most, files }: { readonly most: number; readonly files: Readonly<Record<string, string>> },
): Promise<RegionFinder> {
  const { openDetector } = await import("../vision/detector/onnx_detector.ts");
  const given = Object.entries(detection).filter(([, value]) => value !== undefined);
  const options = {
    ...Object.fromEntries(given),
    runtime: files["onnxruntime"]!,
    max: most,
  } as DetectorOptions;
  const detector = await openDetector(files["detector"]!, options);
  const { side } = detection;
  return {
    most,
    describes: detection.features !== undefined,
    async find({ file }) {
      const found = await detector.detect(await decodePhoto(file, { width: side, height: side }));
      if (found.boxes.length === 0) {
        throw new BadPhoto("the detector found nothing in it", {
          fix:
            "check that `order`, `coordinates` and `threshold` of `detection` match the detector",
        });
      }
      return found;
    },
    [Symbol.asyncDispose]: () => detector.close(),
  };
}

/** Boxes of objects of one colour, for drawings. */
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

/** A grid of cells of equal size, from left to right, then from top to bottom. */
export function gridBoxes(cells: number): Box[] {
  const edge = (place: number) => place / cells;
  return Array.from({ length: cells * cells }, (_, place) => {
    const [row, column] = [Math.floor(place / cells), place % cells];
    return { x0: edge(column), y0: edge(row), x1: edge(column + 1), y1: edge(row + 1) };
  });
}
