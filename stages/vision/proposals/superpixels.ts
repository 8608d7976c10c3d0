/** Splits a picture into some hundred patches of uniform colour (superpixels), using OpenCV. */
import process from "node:process";
import type OpenCv from "@techstark/opencv-js";
import type { RgbPicture } from "../picture.ts";

export interface Superpixels {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** [height, width]: index of each pixel's patch, from 0. */
  readonly labels: Int32Array;
  /** uint8 [height, width, 3]: CIE L*a*b*, smoothed. */
  readonly lab: Uint8Array;
  /** [height, width]: gradient of the colour, the largest of the three channels. */
  readonly gradient: Uint8Array;
}

/**
 * Meyer's flooding algorithm (OpenCV's `watershed`) with one seed per cell of a grid, at the pixel of the cell
 * with the smallest gradient.
 *
 * @param options.side the picture is shrunk until its longer side has at most this many pixels
 * @param options.across cells of the grid per direction
 */
export function superpixels(
  cv: Cv,
  picture: RgbPicture,
  { side, across }: { readonly side: number; readonly across: number },
): Superpixels {
  const shrink = Math.min(1, side / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height]
    .map((size) => Math.max(1, Math.round(size * shrink))) as [number, number];
  const rgb = new cv.Mat(picture.height, picture.width, cv.CV_8UC3);
  rgb.data.set(picture.pixels);
  const lab = new cv.Mat();
  const change = new cv.Mat();
  const square = cv.Mat.ones(3, 3, cv.CV_8U);
  const flat = new Int32Array(width * height);
  let seeds: InstanceType<Cv["Mat"]> | undefined;
  try {
    cv.resize(rgb, rgb, new cv.Size(width, height), 0, 0, cv.INTER_AREA);
    cv.GaussianBlur(rgb, rgb, new cv.Size(3, 3), 0);
    cv.cvtColor(rgb, lab, cv.COLOR_RGB2Lab);
    cv.morphologyEx(lab, change, cv.MORPH_GRADIENT, square);
    const gradient = largestChannel(change.data);
    const count = placeSeeds(flat, gradient, { width, height, across });
    seeds = new cv.Mat(height, width, cv.CV_32SC1);
    seeds.data32S.set(flat);
    cv.watershed(lab, seeds);
    const colours = lab.data.slice();
    const labels = withoutLines(seeds.data32S.slice(), colours, width);
    return { width, height, count, labels, lab: colours, gradient };
  } finally {
    for (const each of [rgb, lab, change, square, seeds]) each?.delete();
  }
}

function largestChannel(pixels: Uint8Array): Uint8Array {
  const largest = new Uint8Array(pixels.length / 3);
  for (let pixel = 0, at = 0; pixel < largest.length; pixel++, at += 3) {
    largest[pixel] = Math.max(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!);
  }
  return largest;
}

interface Grid {
  readonly width: number;
  readonly height: number;
  readonly across: number;
}

/**
 * Places seeds, numbered from 1 as OpenCV requires, but none on the picture's border, which OpenCV overwrites.
 *
 * @returns the number of seeds
 */
function placeSeeds(seeds: Int32Array, gradient: Uint8Array, { width, height, across }: Grid) {
  const edges = (size: number) => {
    const cells = Math.max(1, Math.min(across, size - 2));
    return Array.from({ length: cells + 1 }, (_, k) => 1 + Math.floor(k * (size - 2) / cells));
  };
  const [columns, rows] = [edges(width), edges(height)];
  let count = 0;
  for (let row = 0; row + 1 < rows.length; row++) {
    for (let column = 0; column + 1 < columns.length; column++) {
      let flattest = rows[row]! * width + columns[column]!;
      for (let y = rows[row]!; y < rows[row + 1]!; y++) {
        for (let x = columns[column]!; x < columns[column + 1]!; x++) {
          if (gradient[y * width + x]! < gradient[flattest]!) flattest = y * width + x;
        }
      }
      seeds[flattest] = ++count;
    }
  }
  return count;
}

/**
 * OpenCV leaves lines of -1 between patches and around the picture. Each of their pixels is assigned to the
 * patch of the neighbour with the nearest colour. Corners where lines meet take a second round.
 */
function withoutLines(labels: Int32Array, lab: Uint8Array, width: number): Int32Array {
  const near = (pixel: number) => {
    const x = pixel % width;
    return [
      x > 0 ? pixel - 1 : -1,
      pixel - width,
      x < width - 1 ? pixel + 1 : -1,
      pixel + width,
    ];
  };
  let open: number[] = [];
  labels.forEach((label, pixel) => label > 0 || open.push(pixel));
  for (let before = -1; before !== open.length;) {
    before = open.length;
    const found = open.map((pixel) => {
      let [nearest, label] = [Infinity, -1];
      for (const other of near(pixel)) {
        if (!(labels[other]! > 0)) continue;
        const away = distance(lab, pixel, other);
        if (away < nearest) [nearest, label] = [away, labels[other]!];
      }
      return label;
    });
    found.forEach((label, place) => labels[open[place]!] = label);
    open = open.filter((pixel) => labels[pixel]! <= 0);
  }
  return labels.map((label) => Math.max(0, label - 1));
}

function distance(lab: Uint8Array, one: number, other: number): number {
  return Math.abs(lab[3 * one]! - lab[3 * other]!) +
    Math.abs(lab[3 * one + 1]! - lab[3 * other + 1]!) +
    Math.abs(lab[3 * one + 2]! - lab[3 * other + 2]!);
}

export type Cv = typeof OpenCv;

export interface OpenedCv {
  readonly cv: Cv;
}

/**
 * Loads OpenCV, compiled to WebAssembly, which takes a quarter of a second. Needs only permission to read the
 * package; always uses one thread, so results are reproducible. The module is wrapped in an object because it
 * has a `then` method that resolves to itself: awaiting it would never end.
 */
export function openCv(): Promise<OpenedCv> {
  return opened ??= load();
}

let opened: Promise<OpenedCv> | undefined;

async function load(): Promise<OpenedCv> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  const { default: cv } = await import("@techstark/opencv-js");
  // Remove its handlers, which would terminate the process on unrelated errors.
  events.forEach((event, place) => {
    for (const listener of process.listeners(event as "uncaughtException")) {
      if (!before[place]!.includes(listener)) process.off(event, listener);
    }
  });
  if (cv.Mat === undefined) {
    await new Promise<void>((resolve) => cv.onRuntimeInitialized = () => resolve());
  }
  return { cv };
}
