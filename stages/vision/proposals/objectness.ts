/**
 * Scores how much a patch looks like a complete object rather than a part of one or background; higher is
 * better.
 *
 * Source: the cues superpixel straddling, colour contrast and edge density of Alexe et al.,
 * "Measuring the Objectness of Image Windows", TPAMI 2012, sections 3.2 to 3.5. Unlike there, cues are computed
 * for the patch instead of its box where that is cheaper, and summed with fixed instead of learned weights.
 */
import { commonColours, type Patch, type PatchGraph } from "./patch_tree.ts";
import type { Superpixels } from "./superpixels.ts";

/** Step between sampled pixels in each direction. */
const stride = 2;

/** Prior on the box's share of the picture: its middle, and its spread in units of the logarithm. */
const size = { middle: 0.1, spread: 1.5 };

export function objectness(superpixels: Superpixels, graph: PatchGraph): (patch: Patch) => number {
  const mean = meanEdge(superpixels);
  const inside = new Uint8Array(superpixels.count);
  const seen = new Int32Array(superpixels.count);
  return (patch) => {
    inside.fill(0);
    for (const part of patch.parts) inside[part] = 1;
    const edge = patch.edge / Math.max(1, patch.outline) / mean;
    const away = Math.log(boxArea(patch) / graph.pixels / size.middle) / size.spread;
    return wholeness(patch, superpixels, graph, seen) + contrast(patch, graph, inside) +
      2 * edge / (edge + 2) - 0.15 * away ** 2;
  };
}

export function boxArea({ box: [x1, y1, x2, y2] }: Patch): number {
  return (x2 - x1) * (y2 - y1);
}

/** Superpixel straddling: 1 if the box splits no superpixel, 0 if it splits all in halves. */
function wholeness(
  patch: Patch,
  { width, labels }: Superpixels,
  { patches }: PatchGraph,
  seen: Int32Array,
): number {
  const [x1, y1, x2, y2] = patch.box;
  seen.fill(0);
  let total = 0;
  for (let y = y1; y < y2; y += stride) {
    for (let x = x1; x < x2; x += stride, total++) seen[labels[y * width + x]!]!++;
  }
  let cut = 0;
  for (let part = 0; part < seen.length; part++) {
    if (seen[part] === 0) continue;
    const within = seen[part]! * stride ** 2;
    cut += Math.min(within, Math.max(0, patches[part]!.area - within));
  }
  return Math.max(0, 1 - cut / (total * stride ** 2));
}

/** Colour contrast to the adjacent superpixels, weighted by the length of the border: 1 if no colour is shared. */
function contrast(patch: Patch, { patches, meetings }: PatchGraph, inside: Uint8Array): number {
  let [length, other] = [0, 0];
  for (const { one, other: two, border } of meetings) {
    if (inside[one] === inside[two]) continue;
    const outer = patches[inside[one] ? two : one]!;
    length += border.length;
    other += border.length * (1 - commonColours(patch.colours, outer.colours));
  }
  return other / Math.max(1, length);
}

/** Mean gradient, at least 1. */
function meanEdge({ gradient }: Superpixels): number {
  let sum = 0;
  for (const each of gradient) sum += each;
  return Math.max(1, sum / gradient.length);
}
