import assert from "node:assert/strict";
import fc from "fast-check";
import {
  heldOutOf,
  isHeldOutPair,
  isHeldOutRole,
  nothingHeldOut,
} from "../../../../stages/vision/scenes/held_out.ts";
import { vocabularyOf } from "../../../../stages/vision/scenes/vocabulary.ts";

const anyVocabulary = fc.record({
  shapes: fc.integer({ min: 3, max: 8 }),
  colours: fc.integer({ min: 4, max: 8 }),
  sizes: fc.constant(1),
  textures: fc.constant(1),
}).map(vocabularyOf);

Deno.test("of four shapes and colours, these are held out", () => {
  const vocabulary = vocabularyOf({ shapes: 4, colours: 4, sizes: 1, textures: 1 });
  const { pairs, roles } = heldOutOf(vocabulary);
  assert.deepEqual(vocabulary.shapes, ["circle", "square", "triangle", "cross"]);
  assert.deepEqual(vocabulary.colours, ["red", "yellow", "green", "blue"]);
  assert.deepEqual([...pairs], ["circle red", "square yellow", "triangle green", "cross blue"]);
  assert.deepEqual([...roles], ["circle square", "triangle cross"]);
});

Deno.test("every shape and colour is left in other pairs, every role in reverse, every shape in both roles", () => {
  fc.assert(fc.property(anyVocabulary, (vocabulary) => {
    const { shapes, colours } = vocabulary;
    const held = heldOutOf(vocabulary);
    assert.equal(held.pairs.size, shapes.length);
    assert.equal(held.roles.size, Math.floor(shapes.length / 2));
    const isSeen = (shape: string, colour: string) => !isHeldOutPair(held, { shape, colour });
    for (const shape of shapes) {
      assert.equal(colours.filter((colour) => isSeen(shape, colour)).length, colours.length - 1);
    }
    for (const colour of colours) assert.ok(shapes.some((shape) => isSeen(shape, colour)));
    const mayRelate = (subject: string, object: string) =>
      !isHeldOutRole(
        held,
        { relation: "above", subject: 0, objects: [1] },
        [{ shape: subject }, { shape: object }],
      );
    for (const a of shapes) {
      for (const b of shapes) assert.ok(mayRelate(a, b) || mayRelate(b, a));
      assert.ok(shapes.some((b) => mayRelate(a, b)) && shapes.some((b) => mayRelate(b, a)));
    }
    // Two shapes that can exchange their colours, for swapped pairs.
    for (const a of shapes) {
      for (const b of shapes) {
        assert.ok(colours.filter((colour) => isSeen(a, colour) && isSeen(b, colour)).length >= 2);
      }
    }
  }));
});

Deno.test("a role is held out towards any of a relation's objects", () => {
  const held = { ...nothingHeldOut, roles: new Set(["ring heart"]) };
  const objects = [{ shape: "ring" }, { shape: "star" }, { shape: "heart" }];
  const between = (subject: number, ...others: number[]) =>
    isHeldOutRole(held, { relation: "between", subject, objects: others }, objects);
  assert.ok(between(0, 1, 2));
  assert.ok(between(0, 2, 1));
  assert.ok(!between(2, 0, 1));
  assert.ok(!between(1, 0, 2));
});

Deno.test("a mention of shape alone, or of colour alone, is not a held-out pair", () => {
  const held = { ...nothingHeldOut, pairs: new Set(["ring red"]) };
  assert.ok(isHeldOutPair(held, { shape: "ring", colour: "red", size: "small" }));
  assert.ok(!isHeldOutPair(held, { shape: "ring" }));
  assert.ok(!isHeldOutPair(held, { colour: "red" }));
  assert.ok(!isHeldOutPair(nothingHeldOut, { shape: "ring", colour: "red" }));
});
