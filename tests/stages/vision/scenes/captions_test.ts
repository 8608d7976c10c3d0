import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { isTrue, judgedScene, type Mention } from "../../../../stages/data/statements.ts";
import { type Caption, describeScene } from "../../../../stages/vision/scenes/captions.ts";
import { layoutScene } from "../../../../stages/vision/scenes/layout.ts";
import { relationsOf } from "../../../../stages/vision/scenes/relations.ts";
import {
  colours,
  type SceneObject,
  shapes,
  sizes,
  textures,
  vocabularyOf,
} from "../../../../stages/vision/scenes/vocabulary.ts";
import { relationIsTrue } from "../../../support/box_truth.ts";

/** What a clause claims: words of a relation, and the noun phrases it stands between. */
interface Claim {
  readonly words: string;
  readonly nouns: readonly string[];
}

const words = [
  ["left of", "to the left of", "on the left of", "left of"],
  ["right of", "to the right of", "on the right of", "right of"],
  ["above", "above", "over"],
  ["below", "below", "under", "beneath"],
  ["inside", "inside", "within"],
  ["touching", "touching", "in contact with", "touch each other"],
  ["between", "in between", "between"],
] as const;
const meanings = new Map<string, string>(
  words.flatMap(([meaning, ...said]) => said.map((w) => [w, meaning])),
);
const relation = `(${[...meanings.keys()].sort((a, b) => b.length - a.length).join("|")})`;
const noun = "((?:an?|the)(?: [a-z]+){1,4}?)";
const forms: readonly [RegExp, (parts: readonly string[]) => Claim][] = [
  [
    new RegExp(`^(?:there is )?${noun}(?: is| sits| lies)? ${relation} ${noun}(?: and ${noun})?$`),
    ([subject, words, ...others]) => ({ words: words!, nouns: [subject!, ...others] }),
  ],
  [
    new RegExp(`^${relation} ${noun}(?: and ${noun})? is ${noun}$`),
    ([words, first, second, subject]) => ({ words: words!, nouns: [subject!, first!, second!] }),
  ],
  [
    new RegExp(`^${noun} and ${noun} (touch each other)$`),
    ([first, second, words]) => ({ words: words!, nouns: [first!, second!] }),
  ],
];

/** A reader of captions that knows their grammar and nothing of how they are made. */
function claimsOf(text: string): Claim[] | undefined {
  const whole = clauseOf(text);
  if (whole !== undefined) return [whole];
  for (const { index, 0: link } of text.matchAll(/ while |, and | and /g)) {
    const first = clauseOf(text.slice(0, index));
    const second = clauseOf(text.slice(index + link.length));
    if (first !== undefined && second !== undefined) return [first, second];
  }
  return undefined;
}

function clauseOf(text: string): Claim | undefined {
  for (const [form, read] of forms) {
    const match = form.exec(text);
    if (match === null) continue;
    const { words, nouns } = read(match.slice(1));
    const named = nouns.filter((noun) => noun !== undefined);
    const wanted = meanings.get(words) === "between" ? 3 : 2;
    if (named.length === wanted) return { words, nouns: named };
  }
  return undefined;
}

const synonyms: Readonly<Record<string, string>> = {
  little: "small",
  big: "large",
  spotted: "dotted",
  disc: "circle",
  box: "square",
};

/** Places of the objects that fit a noun phrase. */
function fitting(noun: string, objects: readonly SceneObject[]): number[] {
  const wanted = noun.split(" ").slice(1).map((word) => synonyms[word] ?? word);
  return objects.flatMap(({ shape, colour, size, texture }, i) => {
    const own: readonly string[] = [shape, colour, size, texture];
    return wanted.every((word) => own.includes(word)) ? [i] : [];
  });
}

Deno.test("every clause of every caption is true and refers to exactly one set of objects", () => {
  const seen = new Set<string>();
  let two = 0;
  fc.assert(
    fc.property(fc.nat(1e9), (seed) => {
      const random = randomStream(seed);
      const objects = layoutScene(random.fork("layout"));
      for (const { text } of describeScene(objects, relationsOf(objects), 5, random)) {
        const claims = claimsOf(text);
        assert.ok(claims !== undefined, `not understood: ${text}`);
        if (claims.length === 2) two++;
        for (const { words, nouns } of claims) {
          seen.add(words);
          const named = nouns.map((noun) => fitting(noun, objects));
          assert.ok(named.every(({ length }) => length === 1), `ambiguous: ${text}`);
          assert.equal(new Set(named.flat()).size, nouns.length, `one object twice: ${text}`);
          const parts = named.map(([place]) => objects[place!]!);
          assert.ok(relationIsTrue(meanings.get(words)!, parts), `false: ${text}`);
        }
      }
    }),
    { numRuns: 300, seed: 11 },
  );
  assert.deepEqual([...seen].sort(), [...meanings.keys()].sort());
  assert.ok(two > 300, `${two} of 1500 captions have two clauses`);
});

Deno.test("the test's parser rejects false, ambiguous and malformed captions", () => {
  const at = (x: number, colour: SceneObject["colour"]): SceneObject => ({
    shape: "circle",
    colour,
    size: "small",
    texture: "plain",
    x,
    y: 50,
    extent: 20,
  });
  const objects = [at(30, "red"), at(90, "blue"), at(150, "black")];
  const isTrue = (text: string) =>
    claimsOf(text)!.every(({ words, nouns }) =>
      relationIsTrue(
        meanings.get(words)!,
        nouns.map((noun) => objects[fitting(noun, objects)[0]!]!),
      )
    );
  assert.ok(isTrue("a red disc is left of a blue circle"));
  assert.ok(!isTrue("left of a red disc is a blue circle"));
  assert.ok(isTrue("between a red circle and a black circle is a blue circle"));
  assert.ok(!isTrue("a red circle sits in between a blue circle and a black circle"));
  assert.ok(
    !isTrue("a red circle is left of a blue circle and the red circle is above a black disc"),
  );
  assert.ok(!isTrue("a red circle and a blue circle touch each other"));
  assert.equal(claimsOf("a red circle and a blue circle"), undefined);
});

/** What a caption states, read from its words alone. */
function statedIn({ text, phrases }: Caption) {
  const nounOf = (words: string) => words.split(" ").slice(1).join(" ");
  const nouns = [
    ...new Set(phrases.map(({ start, end }) => nounOf(text.slice(start, end)))),
  ];
  const kinds: Readonly<Record<keyof Mention, readonly string[]>> = {
    shape: shapes,
    colour: colours,
    size: sizes,
    texture: textures,
  };
  const mentions = nouns.map((noun) =>
    Object.fromEntries(
      noun.split(" ").map((word) => synonyms[word] ?? word).map((word) => {
        const [kind] = Object.entries(kinds).find(([, known]) => known.includes(word))!;
        return [kind, word];
      }),
    )
  );
  const clauses = claimsOf(text)!.map(({ words, nouns: [subject, ...others] }) => ({
    relation: meanings.get(words)!,
    subject: nouns.indexOf(nounOf(subject!)),
    objects: others.map((other) => nouns.indexOf(nounOf(other))),
  }));
  return { mentions, clauses };
}

const anyVocabulary = fc.record({
  shapes: fc.integer({ min: 2, max: 8 }),
  colours: fc.integer({ min: 3, max: 8 }),
  sizes: fc.integer({ min: 1, max: 3 }),
  textures: fc.integer({ min: 1, max: 4 }),
});

Deno.test("a caption states what its words say, and that is true of its scene", () => {
  for (const wording of ["varied", "plain"] as const) {
    fc.assert(
      fc.property(fc.nat(1e9), anyVocabulary, (seed, size) => {
        const random = randomStream(seed);
        const scene = { vocabulary: vocabularyOf(size), objects: { from: 2, to: 3 } };
        const objects = layoutScene(random.fork("layout"), scene);
        const relations = relationsOf(objects);
        const options = { wording, accepts: () => true };
        for (const caption of describeScene(objects, relations, 4, random, options)) {
          assert.deepEqual(caption.states, statedIn(caption), caption.text);
          assert.ok(isTrue(caption.states, judgedScene(objects, relations)), caption.text);
        }
      }),
      { numRuns: 150, seed: 21 },
    );
  }
});

Deno.test("plain captions have one form, and the four sides as relations", () => {
  const said = new Set<string>();
  fc.assert(
    fc.property(fc.nat(1e9), (seed) => {
      const random = randomStream(seed);
      const objects = layoutScene(random.fork("layout"));
      const captions = describeScene(objects, relationsOf(objects), 6, random, {
        wording: "plain",
        accepts: () => true,
      });
      for (const { text } of captions) {
        const form = /^an? [a-z]+ [a-z]+ is (left of|right of|above|below) an? [a-z]+ [a-z]+$/;
        const match = form.exec(text);
        assert.ok(match !== null, text);
        said.add(match[1]!);
      }
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([...said].sort(), ["above", "below", "left of", "right of"]);
});

Deno.test("a caption states only relations that are accepted; if none is, there is no caption", () => {
  fc.assert(
    fc.property(
      fc.nat(1e9),
      fc.constantFrom("varied" as const, "plain" as const),
      (seed, wording) => {
        const random = randomStream(seed);
        const objects = layoutScene(random.fork("layout"));
        const relations = relationsOf(objects);
        const describe = (accepts: (subject: number) => boolean) =>
          describeScene(objects, relations, 5, random, {
            wording,
            accepts: ({ subject }) => accepts(subject),
          });
        assert.deepEqual(describe(() => false), []);
        for (const { states: { mentions, clauses } } of describe((subject) => subject % 2 === 0)) {
          for (const { subject } of clauses) {
            const stated = objects.filter((object) =>
              Object.entries(mentions[subject]!).every(([name, value]) =>
                object[name as keyof Mention] === value
              )
            );
            assert.deepEqual(stated.map((object) => objects.indexOf(object) % 2), [0]);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});
