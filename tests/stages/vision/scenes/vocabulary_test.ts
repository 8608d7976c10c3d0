import assert from "node:assert/strict";
import fc from "fast-check";
import { layoutScene } from "../../../../stages/vision/scenes/layout.ts";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import {
  type SceneVocabulary,
  vocabularyOf,
  wholeVocabulary,
} from "../../../../stages/vision/scenes/vocabulary.ts";

const kinds = ["shapes", "colours", "sizes", "textures"] as const;
const most = { shapes: 8, colours: 8, sizes: 3, textures: 4 };
const anySize = fc.record({
  shapes: fc.integer({ min: 1, max: 8 }),
  colours: fc.integer({ min: 1, max: 8 }),
  sizes: fc.integer({ min: 1, max: 3 }),
  textures: fc.integer({ min: 1, max: 4 }),
});

Deno.test("a vocabulary has as many attributes as requested, in the order of the whole vocabulary", () => {
  assert.deepEqual(vocabularyOf(most), wholeVocabulary);
  fc.assert(fc.property(anySize, (size) => {
    const vocabulary = vocabularyOf(size);
    for (const kind of kinds) {
      const own: readonly string[] = vocabulary[kind];
      assert.equal(own.length, size[kind]);
      const all: readonly string[] = wholeVocabulary[kind];
      assert.deepEqual(own, all.filter((word) => own.includes(word)));
    }
  }));
});

Deno.test("a larger vocabulary has every attribute of a smaller one", () => {
  fc.assert(fc.property(anySize, (size) => {
    for (const kind of kinds) {
      if (size[kind] === most[kind]) continue;
      const larger: readonly string[] = vocabularyOf({ ...size, [kind]: size[kind] + 1 })[kind];
      for (const word of vocabularyOf(size)[kind]) assert.ok(larger.includes(word));
    }
  }));
});

Deno.test("objects have the attributes of the vocabulary, and in time all of them", () => {
  const vocabulary = vocabularyOf({ shapes: 3, colours: 4, sizes: 2, textures: 2 });
  const seen: Record<keyof SceneVocabulary, Set<string>> = {
    shapes: new Set(),
    colours: new Set(),
    sizes: new Set(),
    textures: new Set(),
  };
  for (let seed = 0; seed < 100; seed++) {
    const objects = layoutScene(randomStream(seed), { vocabulary, objects: { from: 2, to: 4 } });
    for (const { shape, colour, size, texture } of objects) {
      seen.shapes.add(shape);
      seen.colours.add(colour);
      seen.sizes.add(size);
      seen.textures.add(texture);
    }
  }
  for (const kind of kinds) assert.deepEqual([...seen[kind]].sort(), vocabulary[kind].toSorted());
});
