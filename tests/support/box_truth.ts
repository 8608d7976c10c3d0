/** The oracle of relations between objects of a scene. */
import { boxOf, type SceneObject } from "../../stages/vision/scenes/vocabulary.ts";

/** Says from boxes alone whether a relation is true; knows nothing of how relations are found. */
export function relationIsTrue(relation: string, [a, b, c]: readonly SceneObject[]): boolean {
  const [ax1, ay1, ax2, ay2] = boxOf(a!);
  const [bx1, by1, bx2, by2] = boxOf(b!);
  const overlap = Math.min(ax2, bx2) > Math.max(ax1, bx1) + 1.5 &&
    Math.min(ay2, by2) > Math.max(ay1, by1) + 1.5;
  switch (relation) {
    case "left of":
      return ax2 <= bx1 + 1.5;
    case "right of":
      return bx2 <= ax1 + 1.5;
    case "above":
      return ay2 <= by1 + 1.5;
    case "below":
      return by2 <= ay1 + 1.5;
    case "inside":
      return ax1 > bx1 && ay1 > by1 && ax2 < bx2 && ay2 < by2;
    case "touching": {
      const gap = Math.max(ax1 - bx2, bx1 - ax2, ay1 - by2, by1 - ay2);
      return !overlap && Math.abs(gap) <= 1.5;
    }
    case "between":
      return (relationIsTrue("right of", [a!, b!]) && relationIsTrue("left of", [a!, c!])) ||
        (relationIsTrue("left of", [a!, b!]) && relationIsTrue("right of", [a!, c!])) ||
        (relationIsTrue("below", [a!, b!]) && relationIsTrue("above", [a!, c!])) ||
        (relationIsTrue("above", [a!, b!]) && relationIsTrue("below", [a!, c!]));
    default:
      return false;
  }
}
