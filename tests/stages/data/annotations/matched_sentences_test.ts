import assert from "node:assert/strict";
import { matchSentence } from "../../../../stages/data/annotations/matched_sentences.ts";
import { parseEntitySentences } from "../../../../stages/data/annotations/entity_sentences.ts";
import { tokenizerFromVocabulary } from "../../../../stages/data/tokenizer.ts";

const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
  .concat("a A man 's s ' hat hats ## b big in old sun ##glasses glasses . - up ##s".split(" "));
const tokenizer = tokenizerFromVocabulary(pieces.join("\n"), { cased: true, file: "vocab.txt" });
const encode = (text: string) => tokenizer.encode(text);
const caption = (id: string, text: string) => ({ id, text, tokens: encode(text) });
const sentences = parseEntitySentences(
  new TextEncoder().encode(
    [
      "[/EN#1/people A man 's] [/EN#2/clothing old hat] .",
      "[/EN#1/people A man] in [/EN#3/clothing sun glasses] .",
      "[/EN#1/people A man 's old] [/EN#4/clothing hat] .",
    ].join("\n"),
  ),
  "Sentences/1.txt",
);
const phrasesOf = (matched: ReturnType<typeof matchSentence>, ids: readonly number[]) =>
  matched!.sentence.phrases.map(({ start, end, entity }) => {
    const range = matched!.tokensAt(start, end);
    return [entity, ids.slice(range.start, range.end).map((id) => pieces[id]).join(" ")];
  });

Deno.test("a caption matches the sentence with the same letters, whatever the spacing and punctuation", () => {
  const own = caption("1007", "a  MAN'S old hat");
  const upper = { ...own, text: "A man's old hat.", tokens: encode("A man's old hat.") };
  assert.deepEqual(phrasesOf(matchSentence(upper, sentences, encode), upper.tokens), [
    ["1", "A man ' s"],
    ["2", "old hat"],
  ]);
  assert.equal(matchSentence(own, sentences, encode)!.sentence, sentences[0]);
});

Deno.test("among sentences with the same words, the index in the caption's id decides", () => {
  const text = "A man's old hat.";
  for (const [id, entities] of [["1.jpg#2", "1 4"], ["1_0", "1 2"], ["1_1", "1 2"], ["5", "1 2"]]) {
    const { sentence } = matchSentence(caption(id!, text), sentences, encode)!;
    assert.equal(sentence.phrases.map(({ entity }) => entity).join(" "), entities, id!);
  }
});

Deno.test("a caption without text is matched by its word pieces", () => {
  const { tokens } = caption("7", "A man in sun glasses.");
  const matched = matchSentence({ id: "7", text: "", tokens }, sentences, encode);
  assert.deepEqual(phrasesOf(matched, tokens), [["1", "A man"], ["3", "sun glasses"]]);
  assert.equal(matchSentence({ id: "7", text: "", tokens: [6, 6] }, sentences, encode), undefined);
});

Deno.test("a phrase that starts or ends within a word piece has no tokens; others keep theirs", () => {
  // One word here, two there, cut where no piece ends.
  const own = caption("1_1", "A man in sunglasses.");
  assert.deepEqual(own.tokens.map((id) => pieces[id]), ["A", "man", "in", "sun", "##glasses", "."]);
  const cut = parseEntitySentences(
    new TextEncoder().encode("[/EN#1/people A man] in [/EN#3/x sunglasse] s ."),
    "Sentences/1.txt",
  );
  assert.deepEqual(phrasesOf(matchSentence(own, cut, encode), own.tokens), [["1", "A man"], [
    "3",
    "",
  ]]);
});

Deno.test("captions with other words, or tokenised with another vocabulary, match nothing", () => {
  assert.equal(matchSentence(caption("1_0", "A man's big hat."), sentences, encode), undefined);
  const other = { ...caption("1_0", "A man's old hat."), tokens: [1, 2, 3] };
  assert.equal(matchSentence(other, sentences, encode), undefined);
  assert.equal(matchSentence(caption("1_0", "A man's old hat."), [], encode), undefined);
});
