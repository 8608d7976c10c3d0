/** Spatial relations between objects, decided by their geometry with clear margins. */
import { boxOf, type SceneObject } from "./vocabulary.ts";

export const relationNames = [
  "left of",
  "right of",
  "above",
  "below",
  "inside",
  "touching",
  "between",
] as const;
export type RelationName = typeof relationNames[number];

/** Whether it is one of the relations that hold between most pairs of objects. */
export function isSide(relation: RelationName): boolean {
  return sides.has(relation);
}

const sides: ReadonlySet<RelationName> = new Set(["left of", "right of", "above", "below"]);

/** `subject` is in this relation to `objects` (two for "between"); indices into the scene's objects. */
export interface SceneRelation {
  readonly relation: RelationName;
  readonly subject: number;
  readonly objects: readonly number[];
}

/** Smallest distance of two boxes in pixels for "left of" etc. */
const MARGIN = 3;
/** Largest distance of the boxes of touching objects, in pixels. */
const CONTACT = 1.5;

export function relationsOf(objects: readonly SceneObject[]): SceneRelation[] {
  const relations: SceneRelation[] = [];
  const add = (relation: RelationName, subject: number, ...others: number[]) =>
    relations.push({ relation, subject, objects: others });
  objects.forEach((a, i) => {
    objects.forEach((b, j) => {
      if (i === j) return;
      if (isInside(a, b)) add("inside", i, j);
      else if (isInside(b, a)) return; // there is no relation "contains"
      else if (isTouching(a, b)) {
        add("touching", i, j);
        const side = sideOf(a, b, -CONTACT);
        if (side !== undefined) add(side, i, j);
      } else {
        const side = sideOf(a, b, MARGIN);
        if (side !== undefined) add(side, i, j);
      }
    });
    forEachPair(objects.length, (j, k) => {
      if (i !== j && i !== k && isBetween(a, objects[j]!, objects[k]!)) add("between", i, j, k);
    });
  });
  return relations;
}

/** Direction of a as seen from b; undefined unless one direction clearly dominates. */
function sideOf(a: SceneObject, b: SceneObject, margin: number) {
  const [dx, dy] = [a.x - b.x, a.y - b.y];
  const apart = (a.extent + b.extent) / 2 + margin;
  if (Math.abs(dx) >= apart && Math.abs(dx) >= 1.5 * Math.abs(dy)) {
    return dx < 0 ? "left of" : "right of";
  }
  if (Math.abs(dy) >= apart && Math.abs(dy) >= 1.5 * Math.abs(dx)) {
    return dy < 0 ? "above" : "below";
  }
  return undefined;
}

/** The box of a is within b's, at least 2 pixels from its border. */
function isInside(a: SceneObject, b: SceneObject): boolean {
  const [ax1, ay1, ax2, ay2] = boxOf(a);
  const [bx1, by1, bx2, by2] = boxOf(b);
  return ax1 >= bx1 + 2 && ay1 >= by1 + 2 && ax2 <= bx2 - 2 && ay2 <= by2 - 2;
}

/** The boxes meet, side by side or one above the other, with aligned centres. */
function isTouching(a: SceneObject, b: SceneObject): boolean {
  const [dx, dy] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
  const reach = (a.extent + b.extent) / 2;
  const meets = (along: number, across: number) =>
    Math.abs(along - reach) <= CONTACT && across <= 2;
  return meets(dx, dy) || meets(dy, dx);
}

/** In a row or a column between b and c, without touching them. */
function isBetween(a: SceneObject, b: SceneObject, c: SceneObject): boolean {
  const holds = (along: "x" | "y", across: "x" | "y") => {
    const [first, last] = b[along] < c[along] ? [b, c] : [c, b];
    return a[along] - first[along] >= (a.extent + first.extent) / 2 + MARGIN &&
      last[along] - a[along] >= (a.extent + last.extent) / 2 + MARGIN &&
      Math.abs(a[across] - b[across]) <= 14 && Math.abs(a[across] - c[across]) <= 14;
  };
  return holds("x", "y") || holds("y", "x");
}

function forEachPair(count: number, visit: (j: number, k: number) => void): void {
  for (let j = 0; j < count; j++) for (let k = j + 1; k < count; k++) visit(j, k);
}
