/**
 * Which sentence of Flickr30k Entities a caption is, and which of its word pieces are which phrase's.
 * Entities writes sentences with spaces between all words ("a man 's hat ."), captions elsewhere may not,
 * so only letters and digits are compared, without case. An index in the caption's id decides alone
 * among sentences of the same words.
 */
import type { TokenRange } from "./annotated_objects.ts";
import type { EntitySentence } from "./entity_sentences.ts";

/** A caption as a feature set has it. */
interface Caption {
  /** `<image>_<k>` or `<image>#<k>`, or anything else. */
  readonly id: string;
  /** "" where only its word pieces are known. */
  readonly text: string;
  readonly tokens: readonly number[];
}

export interface MatchedSentence {
  readonly sentence: EntitySentence;
  /** Word pieces of a range of the sentence's characters; none where it begins or ends in a piece. */
  readonly tokensAt: (start: number, end: number) => TokenRange;
}

/**
 * @param encode ids of a text's word pieces, with the vocabulary that the captions were cut with
 * @returns undefined when no sentence has the caption's words, or these are cut otherwise
 */
export function matchSentence(
  caption: Caption,
  sentences: readonly EntitySentence[],
  encode: (text: string) => readonly number[],
): MatchedSentence | undefined {
  const ordered = indexedFirst(caption.id, sentences);
  const range = (text: string, start: number, end: number): TokenRange => {
    const [before, upTo] = [start, end].map((place) => encode(text.slice(0, place)));
    const cutAlike = (pieces: readonly number[]) =>
      pieces.every((piece, place) => piece === caption.tokens[place]);
    return cutAlike(before!) && cutAlike(upTo!)
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

/** The sentence that the id names first, if it names one; ids of running numbers name none. */
function indexedFirst(id: string, sentences: readonly EntitySentence[]): EntitySentence[] {
  const index = Number(/[_#](\d{1,3})$/.exec(id)?.[1] ?? -1);
  const named = sentences[index];
  return named === undefined
    ? [...sentences]
    : [named, ...sentences.filter((one) => one !== named)];
}

/** Letters and digits in lower case, and at which characters of the text they stand. */
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
