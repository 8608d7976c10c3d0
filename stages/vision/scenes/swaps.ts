/**
 * Pairs of scenes and captions that differ only in one relation or one attribute binding, with the same words
 * in both captions, as in Winoground (arXiv 2204.03162).
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { article, assemble, type Caption } from "./captions.ts";
import { layoutScene } from "./layout.ts";
import { relationsOf, type SceneRelation } from "./relations.ts";
import type { SceneObject } from "./vocabulary.ts";

export interface SwappedScenes {
  readonly kind: "relation" | "attribute";
  /** The same objects at the same indices. */
  readonly scenes: readonly [SceneObject[], SceneObject[]];
  /** Caption k is true of scene k and false of the other. */
  readonly captions: readonly [Caption, Caption];
}

const sides = ["left of", "right of", "above", "below"] as const;
const sideWords: Readonly<Record<string, string>> = {
  "left of": "to the left of",
  "right of": "to the right of",
};

/** @param kind what is exchanged: the positions of two objects, or an attribute */
export function swappedScenes(
  kind: SwappedScenes["kind"],
  random: RandomStream,
): SwappedScenes {
  for (let attempt = 0;; attempt++) {
    const own = random.fork("attempt").fork(attempt);
    const objects = layoutScene(own.fork("layout"));
    const candidates = relationsOf(objects).filter(({ relation, subject, objects: [other] }) =>
      sides.some((side) => side === relation) &&
      areSwappable(objects, subject, other!)
    );
    if (candidates.length === 0) continue;
    const chosen = candidates[own.fork("relation").integer(0, candidates.length)]!;
    const made = kind === "relation"
      ? exchangePlaces(objects, chosen, own)
      : exchangeAttribute(objects, chosen, own);
    if (made !== undefined) return made;
  }
}

/** Whether both shapes are unique in the scene and both objects have the same size class. */
function areSwappable(objects: readonly SceneObject[], a: number, b: number): boolean {
  const [first, second] = [objects[a]!, objects[b]!];
  const unique = [first, second].every(({ shape }) =>
    objects.filter((other) => other.shape === shape).length === 1
  );
  return unique && first.size === second.size;
}

function exchangePlaces(
  objects: SceneObject[],
  chosen: SceneRelation,
  random: RandomStream,
): SwappedScenes | undefined {
  const { relation, subject, objects: [other] } = chosen;
  const a = objects[subject]!;
  const b = objects[other!]!;
  const swapped = replaced(objects, {
    [subject]: { ...a, x: b.x, y: b.y, extent: b.extent },
    [other!]: { ...b, x: a.x, y: a.y, extent: a.extent },
  });
  const withColour = random.fork("colour").uniform(0) < 0.6;
  const words = (object: SceneObject) =>
    withColour ? `${object.colour} ${object.shape}` : object.shape;
  return checked(
    {
      kind: "relation",
      scenes: [objects, swapped],
      captions: [
        caption([subject, words(a)], relation, [other!, words(b)]),
        caption([other!, words(b)], relation, [subject, words(a)]),
      ],
    },
    chosen,
    { ...chosen, subject: other!, objects: [subject] },
  );
}

function exchangeAttribute(
  objects: SceneObject[],
  chosen: SceneRelation,
  random: RandomStream,
): SwappedScenes | undefined {
  const { relation, subject, objects: [other] } = chosen;
  const a = objects[subject]!;
  const b = objects[other!]!;
  const name = random.fork("attribute").uniform(0) < 0.6 ? "colour" : "texture";
  if (a[name] === b[name]) return undefined;
  const swapped = replaced(objects, {
    [subject]: { ...a, [name]: b[name] },
    [other!]: { ...b, [name]: a[name] },
  });
  const say = (first: SceneObject, second: SceneObject) =>
    caption([subject, `${first[name]} ${first.shape}`], relation, [
      other!,
      `${second[name]} ${second.shape}`,
    ]);
  return checked(
    {
      kind: "attribute",
      scenes: [objects, swapped],
      captions: [say(a, b), say(swapped[subject]!, swapped[other!]!)],
    },
    chosen,
    chosen,
  );
}

function replaced(
  objects: readonly SceneObject[],
  changes: Readonly<Record<number, SceneObject>>,
): SceneObject[] {
  return objects.map((object, i) => changes[i] ?? object);
}

function caption(
  [subject, subjectWords]: [number, string],
  relation: string,
  [object, objectWords]: [number, string],
): Caption {
  return assemble([
    { object: subject, words: `${article(subjectWords)} ${subjectWords}` },
    ` is ${sideWords[relation] ?? relation} `,
    { object, words: `${article(objectWords)} ${objectWords}` },
  ]);
}

/** Keeps a pair only if each caption's relation holds in its own scene and the words are the same. */
function checked(
  swap: SwappedScenes,
  first: SceneRelation,
  second: SceneRelation,
): SwappedScenes | undefined {
  const holds = (objects: readonly SceneObject[], wanted: SceneRelation) =>
    relationsOf(objects).some((relation) => JSON.stringify(relation) === JSON.stringify(wanted));
  const bag = ({ text }: Caption) => text.split(" ").sort().join(" ");
  const [caption0, caption1] = swap.captions;
  return holds(swap.scenes[0], first) && holds(swap.scenes[1], second) &&
      bag(caption0) === bag(caption1)
    ? swap
    : undefined;
}
