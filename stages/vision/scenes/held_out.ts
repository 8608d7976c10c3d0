/**
 * Combinations that training never shows, for systematic splits: models that compose know them all the
 * same. A held-out pair is a shape in a certain colour; no object outside the split of unseen pairs has
 * it. A held-out role is a shape as the subject of a relation to another shape; no caption outside the
 * split of unseen roles has it, while the reverse occurs everywhere.
 */
import type { Mention, Related } from "../../data/statements.ts";
import type { SceneVocabulary } from "./vocabulary.ts";

export interface HeldOut {
  /** `shape colour` */
  readonly pairs: ReadonlySet<string>;
  /** `shape of the subject, shape of the object` */
  readonly roles: ReadonlySet<string>;
}

export const nothingHeldOut: HeldOut = { pairs: new Set(), roles: new Set() };

/**
 * One colour of each shape, and the role of every other shape towards the next. All shapes, colours and
 * roles occur in training, in other combinations.
 * @param vocabulary at least 3 shapes, 4 colours
 */
export function heldOutOf({ shapes, colours }: SceneVocabulary): HeldOut {
  const roles = shapes.flatMap((shape, i) => {
    const next = shapes[i + 1];
    return i % 2 === 0 && next !== undefined ? [`${shape} ${next}`] : [];
  });
  return {
    pairs: new Set(shapes.map((shape, i) => `${shape} ${colours[i % colours.length]}`)),
    roles: new Set(roles),
  };
}

export function isHeldOutPair({ pairs }: HeldOut, { shape, colour }: Mention): boolean {
  return pairs.has(`${shape} ${colour}`);
}

export function isHeldOutRole(
  { roles }: HeldOut,
  { subject, objects: others }: Related,
  objects: readonly Mention[],
): boolean {
  return others.some((other) => roles.has(`${objects[subject]!.shape} ${objects[other]!.shape}`));
}
