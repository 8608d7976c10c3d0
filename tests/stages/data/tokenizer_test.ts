import assert from "node:assert/strict";
import fc from "fast-check";
import { tokeniseCaption } from "../../../stages/data/caption_tokens.ts";
import { openTokenizer, tokenizerFromCaptions } from "../../../stages/data/tokenizer.ts";

const captions = ["A red circle, left of a ring.", "a red heart", "the ring's hole"];

Deno.test("the vocabulary contains special tokens, then words by frequency, then alphabetically", () => {
  const { json, vocabulary } = tokenizerFromCaptions(captions);
  const words = Object.entries(JSON.parse(json).model.vocab as Record<string, number>)
    .sort(([, a], [, b]) => a - b).map(([word]) => word);
  assert.deepEqual(words, [
    ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
    ...["a", "red", "ring"], // 3, 2, 2 times
    ...["'", ",", ".", "circle", "heart", "hole", "left", "of", "s", "the"],
  ]);
  assert.deepEqual(vocabulary, { size: words.length, pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
});

Deno.test("encode() gives the words of a caption; an unknown word becomes one [UNK]", () => {
  const tokenizer = tokenizerFromCaptions(captions);
  assert.deepEqual(tokenizer.pieces("A RED ring."), ["a", "red", "ring", "."]);
  const [red, unknown, ring] = tokenizer.encode("red rings ring");
  assert.equal(unknown, tokenizer.vocabulary.unk);
  assert.deepEqual([red, ring], tokenizer.encode("red ring"));
  assert.deepEqual(tokenizer.encode(""), []);
});

Deno.test("a vocabulary covers every caption from which it was built, whatever the characters", () => {
  const texts = fc.array(
    fc.string({ unit: "grapheme", maxLength: 30 }).filter((text) => !text.includes("[")),
    { maxLength: 5 },
  );
  fc.assert(fc.property(texts, (texts) => {
    const { encode, vocabulary } = tokenizerFromCaptions(texts);
    for (const text of texts) assert.ok(!encode(text).includes(vocabulary.unk), text);
  }));
  for (const text of ["20° café", "constructor __proto__ toString", "snake_case 3+4"]) {
    const { encode, vocabulary } = tokenizerFromCaptions([text]);
    assert.ok(!encode(text).includes(vocabulary.unk), text);
  }
});

Deno.test("openTokenizer() of a written tokenizer encodes captions like the original", () => {
  const first = tokenizerFromCaptions(captions);
  const second = openTokenizer(first.json);
  assert.deepEqual(second.vocabulary, first.vocabulary);
  for (const caption of captions) assert.deepEqual(second.encode(caption), first.encode(caption));
});

Deno.test("tokeniseCaption() returns the tokens and the region of each phrase", () => {
  const tokenizer = tokenizerFromCaptions(captions);
  const text = captions[0]!;
  const phrase = (words: string, object: number) => {
    const start = text.indexOf(words);
    return { start, end: start + words.length, object };
  };
  const { tokens, phrases } = tokeniseCaption(
    {
      id: "c",
      image: "i",
      split: "train",
      text,
      phrases: [phrase("A red circle", 1), phrase("a ring", 0), phrase("left", 2)],
    },
    tokenizer,
    [undefined, 4],
  );
  const spans = phrases.map(({ token_start, token_end, region }) => ({
    words: tokens.slice(token_start, token_end),
    region,
  }));
  assert.deepEqual(spans, [
    { words: tokenizer.encode("a red circle"), region: 4 },
    { words: tokenizer.encode("a ring"), region: null }, // not covered
    { words: tokenizer.encode("left"), region: null }, // no such object
  ]);
});
