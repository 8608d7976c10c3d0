/**
 * Matches captions to sentences of Flickr30k Entities, and phrases to word pieces. Entities puts spaces between
 * all words ("a man 's hat ."), other sources may not, so only letters and digits are compared, ignoring case.
 * The index in a caption's id is used only to choose among sentences with the same words.
 */
import type { TokenRange } from "./annotated_objects.ts";
import type { EntitySentence } from "./entity_sentences.ts";

/** A caption of a feature set. */
interface Caption {
  /** `<image>_<k>`, `<image>#<k>` or any other id. */
  readonly id: string;
  /** "" if only its word pieces are known. */
  readonly text: string;
  readonly tokens: readonly number[];
}

export interface MatchedSentence {
  readonly sentence: EntitySentence;
  /** Word pieces of a range of the sentence's characters; empty if it starts or ends within a piece. */
  readonly tokensAt: (start: number, end: number) => TokenRange;
}

/**
 * @param encode returns ids of a text's word pieces, with the vocabulary with which the captions were tokenised
 * @returns undefined if no sentence has the caption's words, or its tokens differ from `encode`'s
 */
export function matchSentence(
  caption: Caption,
  sentences: readonly EntitySentence[],
  encode: (text: string) => readonly number[],
): MatchedSentence | undefined {
  const ordered = indexedFirst(caption.id, sentences);
  const range = (text: string, start: number, end: number): TokenRange => {
    const [before, upTo] = [start, end].map((place) => encode(text.slice(0, place)));
    const isPrefix = (pieces: readonly number[]) =>
      pieces.every((piece, place) => piece === caption.tokens[place]);
    return isPrefix(before!) && isPrefix(upTo!)
      ? { start: before!.length, end: upTo!.length }
      : { start: 0, end: 0 };
  };
  const { text } = caption;
  if (text === "") {
    const sentence = ordered.find((one) => equal(encode(one.text), caption.tokens));
    return sentence &&
      { sentence, tokensAt: (start, end) => range(sentence.text, start, end) };
  }
  const own = letters(text);
  const same = ordered.find((one) => letters(one.text).word === own.word);
  if (same === undefined || !equal(encode(text), caption.tokens)) return undefined;
  const theirs = letters(same.text).places;
  return {
    sentence: same,
    tokensAt(start, end) {
      const within = theirs.flatMap((place, at) => start <= place && place < end ? [at] : []);
      if (within.length === 0) return { start: 0, end: 0 };
      const [first, last] = [own.places[within[0]!]!, own.places[within.at(-1)!]!];
      return range(text, first, last + String.fromCodePoint(text.codePointAt(last)!).length);
    },
  };
}

/** The sentences, with the one at the index in the id first; ids without a valid index change nothing. */
function indexedFirst(id: string, sentences: readonly EntitySentence[]): EntitySentence[] {
  const index = Number(/[_#](\d{1,3})$/.exec(id)?.[1] ?? -1);
  const named = sentences[index];
  return named === undefined
    ? [...sentences]
    : [named, ...sentences.filter((one) => one !== named)];
}

/** Letters and digits in lower case, and their offsets in the text. */
function letters(text: string): { word: string; places: number[] } {
  const found = [...text.matchAll(/[\p{L}\p{N}]/gu)];
  return {
    word: found.map(([letter]) => letter.toLowerCase()).join(""),
    places: found.map(({ index }) => index),
  };
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, place) => value === b[place]);
}
