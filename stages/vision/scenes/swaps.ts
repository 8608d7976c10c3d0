/**
 * Pairs of scenes and captions that differ only in one relation or one attribute binding, with the same words
 * in both captions, as in Winoground (arXiv 2204.03162).
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { article, assemble, type Caption, type Wording } from "./captions.ts";
import { defaultScenes, firstOf, layoutScene, type SceneOptions } from "./layout.ts";
import { isSide, relationsOf, type SceneRelation } from "./relations.ts";
import type { Mention } from "../../data/statements.ts";
import type { SceneObject } from "./vocabulary.ts";

export interface SwappedScenes {
  readonly kind: "relation" | "attribute";
  /** The same objects at the same indices. */
  readonly scenes: readonly [SceneObject[], SceneObject[]];
  /** Caption k is true of scene k and false of the other. */
  readonly captions: readonly [Caption, Caption];
}

export interface SwapOptions {
  readonly scene: SceneOptions;
  readonly wording: Wording;
  /** Whether a pair may be used. */
  readonly accepts: (swap: SwappedScenes) => boolean;
}

const anything: SwapOptions = { scene: defaultScenes, wording: "varied", accepts: () => true };

const sideWords: Readonly<Record<string, string>> = {
  "left of": "to the left of",
  "right of": "to the right of",
};

/** @param kind what is exchanged: the positions of two objects, or an attribute */
export function swappedScenes(
  kind: SwappedScenes["kind"],
  random: RandomStream,
  { scene, wording, accepts }: SwapOptions = anything,
): SwappedScenes {
  return firstOf((attempt) => {
    const own = random.fork("attempt").fork(attempt);
    const objects = layoutScene(own.fork("layout"), scene);
    const candidates = relationsOf(objects).filter(({ relation, subject, objects: [other] }) =>
      isSide(relation) &&
      areSwappable(objects, subject, other!)
    );
    if (candidates.length === 0) return undefined;
    const chosen = candidates[own.fork("relation").integer(0, candidates.length)]!;
    return kind === "relation"
      ? exchangePlaces(objects, chosen, own, wording)
      : exchangeAttribute(objects, chosen, own, { wording, scene });
  }, accepts);
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
  wording: Wording,
): SwappedScenes | undefined {
  const { subject, objects: [other] } = chosen;
  const a = objects[subject]!;
  const b = objects[other!]!;
  const swapped = replaced(objects, {
    [subject]: { ...a, x: b.x, y: b.y, extent: b.extent },
    [other!]: { ...b, x: a.x, y: a.y, extent: a.extent },
  });
  const withColour = wording === "plain" || random.fork("colour").uniform(0) < 0.6;
  const mention = ({ shape, colour }: SceneObject): Mention =>
    withColour ? { colour, shape } : { shape };
  const reversed = { ...chosen, subject: other!, objects: [subject] };
  return checked(
    {
      kind: "relation",
      scenes: [objects, swapped],
      captions: [
        caption(chosen, mention(a), mention(b), wording),
        caption(reversed, mention(b), mention(a), wording),
      ],
    },
    chosen,
    reversed,
  );
}

function exchangeAttribute(
  objects: SceneObject[],
  chosen: SceneRelation,
  random: RandomStream,
  { wording, scene: { vocabulary } }: Pick<SwapOptions, "wording" | "scene">,
): SwappedScenes | undefined {
  const { subject, objects: [other] } = chosen;
  const a = objects[subject]!;
  const b = objects[other!]!;
  const byColour = wording === "plain" || vocabulary.textures.length === 1 ||
    random.fork("attribute").uniform(0) < 0.6;
  const name = byColour ? "colour" : "texture";
  if (a[name] === b[name]) return undefined;
  const swapped = replaced(objects, {
    [subject]: { ...a, [name]: b[name] },
    [other!]: { ...b, [name]: a[name] },
  });
  const mention = (object: SceneObject): Mention => ({ [name]: object[name], shape: object.shape });
  const say = (first: SceneObject, second: SceneObject) =>
    caption(chosen, mention(first), mention(second), wording);
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

/** The words of a mention are its attributes in their order. */
function caption(
  { relation, subject, objects: [object] }: SceneRelation,
  subjectMention: Mention,
  objectMention: Mention,
  wording: Wording,
): Caption {
  const words = (mention: Mention) => Object.values(mention).join(" ");
  const phrase = (mention: Mention, object: number) => ({
    object,
    words: `${article(words(mention))} ${words(mention)}`,
  });
  const said = wording === "plain" ? relation : sideWords[relation] ?? relation;
  return {
    ...assemble([phrase(subjectMention, subject), ` is ${said} `, phrase(objectMention, object!)]),
    states: {
      mentions: [subjectMention, objectMention],
      clauses: [{ relation, subject: 0, objects: [1] }],
    },
  };
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
