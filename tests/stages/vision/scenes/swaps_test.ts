import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../pipeline/contract/random_stream.ts";
import { isTrue, judgedScene } from "../../../../stages/data/statements.ts";
import { relationsOf } from "../../../../stages/vision/scenes/relations.ts";
import { type SwappedScenes, swappedScenes } from "../../../../stages/vision/scenes/swaps.ts";
import { vocabularyOf } from "../../../../stages/vision/scenes/vocabulary.ts";

const kinds = ["relation", "attribute"] as const;
const wordings = ["varied", "plain"] as const;
const sceneOf = (shapes: number, colours: number, textures: number, to: number) => ({
  vocabulary: vocabularyOf({ shapes, colours, sizes: 1, textures }),
  objects: { from: 2, to },
});
const anyScene = fc.constantFrom(
  sceneOf(2, 2, 1, 2),
  sceneOf(4, 4, 1, 3),
  sceneOf(8, 8, 4, 5),
);
const anySwap = fc.record({
  seed: fc.nat(1e9),
  kind: fc.constantFrom(...kinds),
  wording: fc.constantFrom(...wordings),
  scene: anyScene,
});

Deno.test("each caption is true of its own scene, false of the other, and of the same words", () => {
  fc.assert(
    fc.property(anySwap, ({ seed, kind, ...options }) => {
      const swap = swappedScenes(kind, randomStream(seed), { ...options, accepts: () => true });
      assert.equal(swap.kind, kind);
      const scenes = swap.scenes.map((objects) => judgedScene(objects, relationsOf(objects)));
      const truth = swap.captions.map(({ states }) => scenes.map((scene) => isTrue(states, scene)));
      assert.deepEqual(truth, [[true, false], [false, true]]);
      const [bag, other] = swap.captions.map(({ text }) => text.split(" ").sort().join(" "));
      assert.equal(bag, other);
    }),
    { numRuns: 200, seed: 9 },
  );
});

Deno.test("a swap's captions say the attributes in their words, at the phrases' offsets", () => {
  fc.assert(
    fc.property(anySwap, ({ seed, kind, ...options }) => {
      const swap = swappedScenes(kind, randomStream(seed), { ...options, accepts: () => true });
      swap.captions.forEach(({ text, phrases, states: { mentions, clauses } }, side) => {
        const nouns = phrases.map(({ start, end }) => text.slice(start, end).split(" ").slice(1));
        assert.deepEqual(nouns, mentions.map((mention) => Object.values(mention)));
        const [clause, ...more] = clauses;
        assert.deepEqual(more, []);
        assert.deepEqual([clause!.subject, clause!.objects], [0, [1]]);
        const said = options.wording === "plain" ? "" : "(to the )?";
        assert.match(text, new RegExp(`^an? [a-z ]+ is ${said}${clause!.relation} an? [a-z ]+$`));
        phrases.forEach(({ object }, place) => {
          const own = swap.scenes[side]![object]!;
          for (const [name, value] of Object.entries(mentions[place]!)) {
            assert.equal(own[name as keyof typeof own], value);
          }
        });
      });
    }),
    { numRuns: 100, seed: 2 },
  );
});

Deno.test("plain captions name colour and shape; with one texture, only colours are exchanged", () => {
  const namesIn = (swap: SwappedScenes) =>
    swap.captions.flatMap(({ states }) =>
      states.mentions.map((mention) => `${Object.keys(mention)}`)
    );
  const seen = { plain: new Set<string>(), oneTexture: new Set<string>(), any: new Set<string>() };
  for (let seed = 0; seed < 40; seed++) {
    const swap = (wording: typeof wordings[number], textures: number) =>
      swappedScenes("attribute", randomStream(seed), {
        scene: sceneOf(6, 6, textures, 3),
        wording,
        accepts: () => true,
      });
    for (const names of namesIn(swap("plain", 4))) seen.plain.add(names);
    for (const names of namesIn(swap("varied", 1))) seen.oneTexture.add(names);
    for (const names of namesIn(swap("varied", 4))) seen.any.add(names);
  }
  assert.deepEqual([...seen.plain], ["colour,shape"]);
  assert.deepEqual([...seen.oneTexture], ["colour,shape"]);
  assert.deepEqual([...seen.any].sort(), ["colour,shape", "texture,shape"]);
});

Deno.test("only pairs that are accepted are used", () => {
  const hasStar = ({ captions }: SwappedScenes) => captions[0].text.includes("star");
  for (const kind of kinds) {
    for (let seed = 0; seed < 10; seed++) {
      const options = { scene: sceneOf(8, 8, 4, 3), wording: "plain" as const, accepts: hasStar };
      assert.ok(hasStar(swappedScenes(kind, randomStream(seed), options)));
    }
  }
});
