/**
 * Hierarchical grouping: merges the two most similar neighbouring patches until one is left. Every patch that
 * occurs on the way is a candidate for an object.
 *
 * Source: Uijlings et al., "Selective Search for Object Recognition", IJCV 2013, sections 3.1, 3.2.
 */
import type { Superpixels } from "./superpixels.ts";

export interface Patch {
  /** In pixels. */
  readonly area: number;
  /** In pixels, half-open: x1, y1, x2, y2. */
  readonly box: readonly [number, number, number, number];
  /** Its superpixels. */
  readonly parts: readonly number[];
  /** Histogram, summing to 1 in each of the three channels. */
  readonly colours: Float32Array;
  /** Number of pairs of neighbouring pixels across its outline. */
  readonly outline: number;
  /** Sum of the gradient at these pairs. */
  readonly edge: number;
}

/** Similarity of two neighbours; the most similar ones are merged first. */
export type Likeness = (one: Patch, other: Patch, border: Border, pixels: number) => number;

/** The common border of two patches. */
export interface Border {
  readonly length: number;
  /** Mean gradient along it, 0..255. */
  readonly edge: number;
}

const bins = 16;
export const colourBins = 3 * bins;

/** Two neighbouring patches. */
interface Meeting {
  readonly one: number;
  readonly other: number;
  readonly border: Border;
}

export interface PatchGraph {
  readonly pixels: number;
  readonly patches: readonly Patch[];
  /** Each pair of neighbours once, with `one` < `other`. */
  readonly meetings: readonly Meeting[];
}

export function patchGraph(superpixels: Superpixels): PatchGraph {
  const { width, height, count, labels, lab, gradient } = superpixels;
  const area = new Float64Array(count);
  const colours = new Float32Array(count * colourBins);
  const [left, top] = [new Int32Array(count).fill(width), new Int32Array(count).fill(height)];
  const [right, bottom] = [new Int32Array(count), new Int32Array(count)];
  const [steps, edges] = [new Float64Array(count * count), new Float64Array(count * count)];
  const meet = (one: number, other: number, edge: number) => {
    if (one === other) return;
    const pair = Math.min(one, other) * count + Math.max(one, other);
    steps[pair]!++;
    edges[pair]! += edge;
  };
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      const patch = labels[pixel]!;
      area[patch]!++;
      const at = patch * colourBins;
      colours[at + (lab[3 * pixel]! >> 4)]!++;
      colours[at + bins + chromaBin(lab[3 * pixel + 1]!)]!++;
      colours[at + 2 * bins + chromaBin(lab[3 * pixel + 2]!)]!++;
      if (x < left[patch]!) left[patch] = x;
      if (y < top[patch]!) top[patch] = y;
      if (x >= right[patch]!) right[patch] = x + 1;
      bottom[patch] = y + 1;
      if (x > 0) meet(patch, labels[pixel - 1]!, Math.max(gradient[pixel]!, gradient[pixel - 1]!));
      if (y > 0) {
        const above = pixel - width;
        meet(patch, labels[above]!, Math.max(gradient[pixel]!, gradient[above]!));
      }
    }
  }
  const meetings: Meeting[] = [];
  const [outline, edge] = [new Float64Array(count), new Float64Array(count)];
  steps.forEach((length, pair) => {
    if (length === 0) return;
    const [one, other] = [Math.floor(pair / count), pair % count];
    meetings.push({ one, other, border: { length, edge: edges[pair]! / length } });
    for (const patch of [one, other]) {
      outline[patch]! += length;
      edge[patch]! += edges[pair]!;
    }
  });
  const patches = Array.from({ length: count }, (_, patch): Patch => ({
    area: area[patch]!,
    box: [left[patch]!, top[patch]!, right[patch]!, bottom[patch]!],
    parts: [patch],
    colours: colours.slice(patch * colourBins, (patch + 1) * colourBins)
      .map((pixels) => pixels / area[patch]!),
    outline: outline[patch]!,
    edge: edge[patch]!,
  }));
  return { pixels: width * height, patches, meetings };
}

/** Most colours are near grey, so each outer quarter of the range is one bin. */
function chromaBin(value: number): number {
  return Math.max(0, Math.min(bins - 1, (value - 64) >> 3));
}

/** @returns the merged patches in order, without the initial ones and without the whole picture */
export function joinPatches(graph: PatchGraph, likeness: Likeness): Patch[] {
  const patches = [...graph.patches];
  const like = (one: number, other: number, border: Border) =>
    likeness(patches[one]!, patches[other]!, border, graph.pixels);
  let meetings = graph.meetings.map(({ one, other, border }) => ({
    one,
    other,
    border,
    like: like(one, other, border),
  }));
  const joined: Patch[] = [];
  for (let left = patches.length; left > 2; left--) {
    const best = meetings.reduce((best, each) => each.like > best.like ? each : best);
    const place = patches.length;
    patches.push(union(patches[best.one]!, patches[best.other]!, best.border));
    joined.push(patches[place]!);
    const mine = (patch: number) => patch === best.one || patch === best.other;
    const withThird = new Map<number, Border>();
    meetings = meetings.filter(({ one, other, border }) => {
      const third = mine(one) ? other : mine(other) ? one : -1;
      if (third < 0) return true;
      if (!mine(third)) withThird.set(third, together(withThird.get(third), border));
      return false;
    });
    for (const [third, border] of withThird) {
      meetings.push({ one: third, other: place, border, like: like(third, place, border) });
    }
  }
  return joined;
}

function together(one: Border | undefined, other: Border): Border {
  if (one === undefined) return other;
  const length = one.length + other.length;
  return { length, edge: (one.edge * one.length + other.edge * other.length) / length };
}

function union(one: Patch, other: Patch, border: Border): Patch {
  const area = one.area + other.area;
  return {
    area,
    box: around(one.box, other.box),
    parts: [...one.parts, ...other.parts],
    colours: one.colours.map((share, bin) =>
      (share * one.area + other.colours[bin]! * other.area) / area
    ),
    outline: one.outline + other.outline - 2 * border.length,
    edge: one.edge + other.edge - 2 * border.length * border.edge,
  };
}

export function around(one: Patch["box"], other: Patch["box"]): Patch["box"] {
  return [
    Math.min(one[0], other[0]),
    Math.min(one[1], other[1]),
    Math.max(one[2], other[2]),
    Math.max(one[3], other[3]),
  ];
}

/** Histogram intersection, 0..1. */
export function commonColours(one: Float32Array, other: Float32Array): number {
  let common = 0;
  for (let bin = 0; bin < colourBins; bin++) common += Math.min(one[bin]!, other[bin]!);
  return common / 3;
}
