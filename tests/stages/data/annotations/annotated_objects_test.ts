import assert from "node:assert/strict";
import {
  objectsOfEntities,
  objectsOfPhrases,
} from "../../../../stages/data/annotations/annotated_objects.ts";
import { parseEntitySentences } from "../../../../stages/data/annotations/entity_sentences.ts";
import type { Box } from "../../../../stages/data/boxes.ts";

const phrase = (token_start: number, token_end: number, object: number, region: number | null) => ({
  token_start,
  token_end,
  object,
  region,
});

Deno.test("phrases of one entity are merged; objects without a region or a token are omitted", () => {
  assert.deepEqual(
    objectsOfPhrases([
      phrase(4, 6, 1, 2),
      phrase(0, 2, 0, 5),
      phrase(7, 8, 1, 2),
      phrase(9, 10, 3, null),
      phrase(3, 3, 4, 1),
    ]),
    [{ tokens: [4, 5, 7], regions: [2] }, { tokens: [0, 1], regions: [5] }],
  );
  assert.deepEqual(objectsOfPhrases([]), []);
});

const [sentence] = parseEntitySentences(
  new TextEncoder().encode(
    "[/EN#1/people Two men] see [/EN#0/notvisual it] in [/EN#2/other a car] by [/EN#3/x a tree] and [/EN#1/people they]",
  ),
  "Sentences/7.txt",
);
/** A word is a token. */
const wordsAt = (start: number, end: number) => {
  const wordsBefore = (place: number) =>
    sentence!.text.slice(0, place).split(/\s+/).filter(Boolean);
  return { start: wordsBefore(start).length, end: wordsBefore(end).length };
};
const regions: Box[] = [
  [0, 0, 0.4, 0.4],
  [0, 0, 0.5, 0.5],
  [0.5, 0.5, 1, 1],
  [0.5, 0, 0.6, 0.1],
];

Deno.test("each box of an entity gets the region with the largest overlap, at least one half", () => {
  const boxes = new Map<string, Box[]>([
    // IoU with region 0 is 0.79, with region 1 0.81; with region 2 exactly 1/2.
    ["1", [[0, 0, 0.45, 0.45], [0.5, 0.5, 1, 0.75]]],
    // Nothing reaches a half.
    ["2", [[0.5, 0, 0.6, 0.21]]],
    ["3", [[0.5, 0, 0.6, 0.1]]],
    ["0", [[0, 0, 0.5, 0.5]]],
  ]);
  assert.deepEqual(objectsOfEntities(sentence!, { boxes, regions, tokensAt: wordsAt }), [
    { tokens: [0, 1, 11], regions: [1, 2] },
    { tokens: [8, 9], regions: [3] },
  ]);
});

Deno.test("entities without a box, and images without regions, have no objects", () => {
  const tokensAt = wordsAt;
  assert.deepEqual(objectsOfEntities(sentence!, { boxes: new Map(), regions, tokensAt }), []);
  const boxes = new Map<string, Box[]>([["1", [[0, 0, 1, 1]]]]);
  assert.deepEqual(objectsOfEntities(sentence!, { boxes, regions: [], tokensAt }), []);
});
