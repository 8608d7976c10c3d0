/** Captions of a scene: sentences about relations, with the object of every phrase and what they state. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import { isSide, type RelationName, type SceneRelation } from "./relations.ts";
import type { Mention, Statement } from "../../data/statements.ts";
import type { SceneObject } from "./vocabulary.ts";

export interface Phrase {
  /** Character offsets: text.slice(start, end) is the phrase. */
  readonly start: number;
  readonly end: number;
  /** Index into the scene's objects. */
  readonly object: number;
}

/** A sentence with its phrases. */
export interface Sentence {
  readonly text: string;
  readonly phrases: readonly Phrase[];
}

export interface Caption extends Sentence {
  readonly states: Statement;
}

/**
 * `varied`: one or two clauses about any relation, in several sentence forms, with synonyms and with
 * whichever attributes identify an object. `plain`: one clause of one form about a side, with colours
 * and shapes: "a red circle is left of a blue square".
 */
export type Wording = "varied" | "plain";

export interface CaptionOptions {
  readonly wording: Wording;
  /** Whether a caption may state this relation between these objects. */
  readonly accepts: (relation: SceneRelation, objects: readonly SceneObject[]) => boolean;
}

const anything: CaptionOptions = { wording: "varied", accepts: () => true };

/** A part of a caption: plain words, or a phrase for an object. */
export type Piece = string | { readonly object: number; readonly words: string };

/** Largest number of words in a caption; if two clauses need more, there is only one. */
export const longestCaption = 24;

/**
 * `count` captions, about different relations as long as there are enough; none if no relation is
 * acceptable.
 */
export function describeScene(
  objects: readonly SceneObject[],
  relations: readonly SceneRelation[],
  count: number,
  random: RandomStream,
  { wording, accepts }: CaptionOptions = anything,
): Caption[] {
  const possible = relations.filter((relation) =>
    accepts(relation, objects) &&
    (wording === "varied" || isSide(relation.relation))
  );
  if (possible.length === 0) return [];
  const varied = wording === "varied";
  const order = random.fork("order").shuffled(varied ? rareFirst(possible, random) : possible);
  return Array.from({ length: count }, (_, k) => {
    const own = random.fork("caption").fork(k);
    const mentioned = new Map<number, Mentioned>();
    const stated = (sentence: Sentence, clauses: readonly SceneRelation[]) => ({
      ...sentence,
      states: statementOf(sentence, clauses, mentioned),
    });
    if (!varied) {
      const only = order[k % order.length]!;
      return stated(assemble(plainClause(objects, only, mentioned)), [only]);
    }
    const main = order[(2 * k) % order.length]!;
    const first = clause(objects, main, own.fork("main"), mentioned);
    const alone = stated(assemble(first), [main]);
    const more = order.slice((2 * k + 1) % order.length).find((next) => saysMore(next, main));
    if (more === undefined || own.fork("two").uniform(0) >= 0.7) return alone;
    const link = [" and ", ", and ", " while "][own.fork("link").integer(0, 3)]!;
    const both = assemble([...first, link, ...clause(objects, more, own.fork("more"), mentioned)]);
    return both.text.split(" ").length <= longestCaption ? stated(both, [main, more]) : alone;
  });
}

/** How an object was mentioned first: in words, and by which attributes. */
interface Mentioned {
  readonly words: string;
  readonly by: Mention;
}

/** The statement of a sentence; its mentions are in the order of the sentence. */
function statementOf(
  { phrases }: Sentence,
  clauses: readonly SceneRelation[],
  mentioned: ReadonlyMap<number, Mentioned>,
): Statement {
  const order = [...new Set(phrases.map(({ object }) => object))];
  const place = (object: number) => order.indexOf(object);
  return {
    mentions: order.map((object) => mentioned.get(object)!.by),
    clauses: clauses.map(({ relation, subject, objects }) => ({
      relation,
      subject: place(subject),
      objects: objects.map(place),
    })),
  };
}

function plainClause(
  objects: readonly SceneObject[],
  { relation, subject, objects: [other] }: SceneRelation,
  mentioned: Map<number, Mentioned>,
): Piece[] {
  const phrase = (object: number): Piece => {
    const { shape, colour } = objects[object]!;
    const words = `${colour} ${shape}`;
    mentioned.set(object, { words, by: { shape, colour } });
    return { object, words: `${article(words)} ${words}` };
  };
  return [phrase(subject), ` is ${relation} `, phrase(other!)];
}

/** Whether `next` mentions an object that the first clause does not. */
function saysMore(next: SceneRelation, main: SceneRelation): boolean {
  const mentioned = new Set([main.subject, ...main.objects]);
  return [next.subject, ...next.objects].some((object) => !mentioned.has(object));
}

/** "left of" etc. hold between most objects, so some of them are dropped in favour of the rarer relations. */
function rareFirst(relations: readonly SceneRelation[], random: RandomStream): SceneRelation[] {
  const draw = random.fork("rare");
  const chosen = relations.filter(({ relation }, i) => !isSide(relation) || draw.uniform(i) < 0.6);
  return chosen.length > 0 ? chosen : [...relations];
}

const relationWords: Readonly<Record<RelationName, readonly string[]>> = {
  "left of": ["to the left of", "left of", "on the left of"],
  "right of": ["to the right of", "right of", "on the right of"],
  above: ["above", "over"],
  below: ["below", "under", "beneath"],
  inside: ["inside", "within"],
  touching: ["touching", "in contact with"],
  between: ["between", "in between"],
};

function clause(
  objects: readonly SceneObject[],
  { relation, subject, objects: others }: SceneRelation,
  random: RandomStream,
  mentioned: Map<number, Mentioned>,
): Piece[] {
  const pick = (purpose: string, items: readonly string[]) =>
    items[random.fork(purpose).integer(0, items.length)]!;
  const phrase = (object: number): Piece => ({
    object,
    words: referTo(objects, object, random.fork("phrase").fork(object), mentioned),
  });
  const words = pick("words", relationWords[relation]);
  const form = random.fork("form").integer(0, 5);
  const whole = (): Piece[] => {
    const [first, second] = [phrase(others[0]!), others[1]];
    return second === undefined ? [first] : [first, " and ", phrase(second)];
  };
  if (relation === "touching" && form === 0) {
    return [phrase(subject), " and ", ...whole(), " touch each other"];
  }
  if (form === 1) return [`${words} `, ...whole(), " is ", phrase(subject)];
  if (form === 2 && !mentioned.has(subject)) {
    return ["there is ", phrase(subject), ` ${words} `, ...whole()];
  }
  const verb = pick("verb", ["is", "is", "sits", "lies"]);
  return [phrase(subject), ` ${verb} ${words} `, ...whole()];
}

/** A noun phrase with attributes that distinguish the object from all others; "the" if already mentioned. */
function referTo(
  objects: readonly SceneObject[],
  index: number,
  random: RandomStream,
  mentioned: Map<number, Mentioned>,
): string {
  const known = mentioned.get(index);
  if (known !== undefined) return `the ${known.words}`;
  const object = objects[index]!;
  const choices: readonly (readonly ("size" | "texture" | "colour")[])[] = [
    [],
    ["colour"],
    ["colour"],
    ["colour"],
    ["texture"],
    ["size"],
    ["size", "colour"],
    ["texture", "colour"],
    ["size", "texture", "colour"],
  ];
  const unambiguous = choices.filter((attributes) => {
    const alike = objects.filter((other) =>
      other.shape === object.shape && attributes.every((name) => other[name] === object[name])
    );
    return alike.length === 1;
  });
  const attributes = unambiguous[random.fork("attributes").integer(0, unambiguous.length)]!;
  const adjectives = attributes
    .map((name) => synonyms(object[name], random.fork(name)))
    .filter((word) => word !== "");
  const noun = [...adjectives, synonyms(object.shape, random.fork("shape"))].join(" ");
  const by = Object.fromEntries(
    (["shape", ...attributes] as const).map((name) => [name, object[name]]),
  );
  mentioned.set(index, { words: noun, by });
  return `${article(noun)} ${noun}`;
}

const otherWords: Readonly<Record<string, readonly string[]>> = {
  small: ["small", "small", "little"],
  large: ["large", "large", "big"],
  dotted: ["dotted", "dotted", "spotted"],
  circle: ["circle", "circle", "disc"],
  square: ["square", "square", "box"],
};

function synonyms(word: string, random: RandomStream): string {
  const words = otherWords[word] ?? [word];
  return words[random.integer(0, words.length)]!;
}

export function article(noun: string): "a" | "an" {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}

/** Joins the pieces and records the character ranges of the phrases. */
export function assemble(pieces: readonly Piece[]): Sentence {
  let text = "";
  const phrases: Phrase[] = [];
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else {
      phrases.push({
        start: text.length,
        end: text.length + piece.words.length,
        object: piece.object,
      });
      text += piece.words;
    }
  }
  return { text, phrases };
}
