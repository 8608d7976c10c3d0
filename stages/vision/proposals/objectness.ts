/**
 * How much a patch looks like a thing with an outline, rather than like a piece of one or of what
 * lies behind: the larger the more.
 *
 * Source: the cues superpixel straddling, colour contrast and edge density of Alexe et al.,
 * "Measuring the Objectness of Image Windows", TPAMI 2012, sections 3.2 to 3.5; taken of the patch and
 * not of its box where that is cheaper, and summed with fixed weights in place of learned ones.
 */
import { commonColours, type Patch, type PatchGraph } from "./patch_tree.ts";
import type { Superpixels } from "./superpixels.ts";

/** Pixels between those that are looked at, in each direction. */
const stride = 2;

/** The commonest share of the picture, and how many times more or less is still common. */
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

/** 1 where the box cuts no superpixel in two, 0 where it cuts all in halves. */
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

/** 1 where it shares no colour with the superpixels around it, each by the length of its border. */
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

function meanEdge({ gradient }: Superpixels): number {
  let sum = 0;
  for (const each of gradient) sum += each;
  return Math.max(1, sum / gradient.length);
}
