import assert from "node:assert/strict";
import fc from "fast-check";
import { randomStream } from "../../../../../pipeline/contract/random_stream.ts";
import type { FeatureSet } from "../../../../../stages/data/feature_set.ts";
import { indexSplit } from "../../../../../stages/batch/split_index.ts";
import { joint } from "../../../../../stages/train/pretrain/tasks/joint.ts";

const vocabulary = { size: 23, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 };

/** 5 training images with 2 captions each of 3..7 words, and one test image that must not appear. */
const images = Array.from({ length: 6 }, (_, i) => ({
  id: `i${i}`,
  split: i < 5 ? "train" : "test",
  offset: i,
  regions: 1,
}));
const captions = Array.from({ length: 12 }, (_, c) => ({
  id: `c${c}`,
  image: Math.floor(c / 2),
  split: c < 10 ? "train" : "test",
  text: "",
  tokens: Array.from({ length: 3 + c % 5 }, (_, w) => 5 + (7 * c + w) % 18),
}));
const set = { images, captions, vocabulary } as unknown as FeatureSet;
const index = indexSplit(set, "train");
const sizes = { pairs: 8, words: 9, regions: 1, maskRate: 0.4 };
function batchOf(seed: number, step: number) {
  const batch = joint.batch({ ...sizes, set, index, random: randomStream(seed) }, step);
  const values = (name: keyof typeof batch) => batch[name].values as Int32Array;
  return {
    texts: values("texts"),
    images: values("images"),
    judged: values("judged"),
    matched: values("matched"),
    tokens: values("tokens"),
    maskedPlaces: values("maskedPlaces"),
    maskedWords: values("maskedWords"),
    maskedThere: values("maskedThere"),
  };
}

const anyBatch = fc.tuple(fc.nat(1000), fc.nat(300)).map(([seed, step]) => batchOf(seed, step));

Deno.test("no pair is both masked and judged: a mask would reveal the answer", () => {
  fc.assert(fc.property(anyBatch, ({ judged, maskedPlaces, maskedThere, tokens }) => {
    const judgedPairs = new Set(judged);
    maskedPlaces.forEach((place, slot) => {
      if (maskedThere[slot] === 1) assert.ok(!judgedPairs.has(Math.floor(place / sizes.words)));
    });
    for (const pair of judged) {
      const row = tokens.subarray(pair * sizes.words, (pair + 1) * sizes.words);
      assert.ok(!row.includes(vocabulary.mask));
    }
  }));
});

Deno.test("half of the judged pairs match, and the labels are correct", () => {
  fc.assert(fc.property(anyBatch, ({ judged, matched, texts, images }) => {
    assert.equal(matched.reduce((sum, label) => sum + label, 0), judged.length / 2);
    judged.forEach((pair, slot) => {
      const belongs = index.imageOfText[texts[pair]!] === images[pair];
      assert.equal(matched[slot], belongs ? 1 : 0);
    });
  }));
});

Deno.test("masked slots record the original words; other words are unchanged", () => {
  fc.assert(fc.property(anyBatch, (batch) => {
    const masked = new Map<number, number>();
    batch.maskedPlaces.forEach((place, slot) => {
      if (batch.maskedThere[slot] === 1) masked.set(place, batch.maskedWords[slot]!);
    });
    for (let pair = 0; pair < sizes.pairs; pair++) {
      const words = captions[batch.texts[pair]!]!.tokens;
      const row = [vocabulary.cls, ...words, vocabulary.sep];
      for (let word = 0; word < sizes.words; word++) {
        const place = pair * sizes.words + word;
        assert.equal(masked.get(place) ?? batch.tokens[place], row[word] ?? vocabulary.pad);
        if (masked.has(place)) assert.ok(batch.tokens[place]! >= vocabulary.mask);
      }
    }
  }));
});

Deno.test("about 80 % of the masked words become [MASK], 10 % stay", () => {
  let [masks, same, all] = [0, 0, 0];
  for (let step = 0; step < 400; step++) {
    const { maskedPlaces, maskedWords, maskedThere, tokens } = batchOf(3, step);
    maskedPlaces.forEach((place, slot) => {
      if (maskedThere[slot] === 0) return;
      all++;
      if (tokens[place] === vocabulary.mask) masks++;
      if (tokens[place] === maskedWords[slot]) same++;
    });
  }
  const error = (share: number) => 4 * Math.sqrt(share * (1 - share) / all);
  assert.ok(Math.abs(masks / all - 0.8) < error(0.8));
  const stays = 0.1 + 0.1 / 18; // a random word can be the word itself
  assert.ok(Math.abs(same / all - stays) < error(stays));
});
