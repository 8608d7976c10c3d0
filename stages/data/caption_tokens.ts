/** Tokenises captions, and finds the tokens and the region of every phrase. */
import type { CaptionLine } from "./scene_list.ts";
import type { CaptionTokenizer } from "./tokenizer.ts";

export interface TokenisedCaption {
  readonly id: string;
  readonly image: string;
  readonly split: string;
  readonly text: string;
  /** Ids of word pieces, without [CLS] and [SEP]. */
  readonly tokens: readonly number[];
  readonly phrases: readonly TokenisedPhrase[];
  /** Other images that the caption is true of; left out where there are none. */
  readonly also_true_of?: readonly string[];
}

/** Half-open ranges of characters (`start` to `end`) and of tokens. */
export interface TokenisedPhrase {
  readonly start: number;
  readonly end: number;
  readonly token_start: number;
  readonly token_end: number;
  readonly object: number;
  /** Index of the region of the image that covers the object; null if none does. */
  readonly region: number | null;
}

/**
 * The tokenizers library returns no offsets. Since words are split at spaces and punctuation, the tokens
 * before a phrase are the tokens of the text before it.
 *
 * @param regionOfObject one entry per object of the caption's image
 */
export function tokeniseCaption(
  { id, image, split, text, phrases, also_true_of }: CaptionLine,
  tokenizer: CaptionTokenizer,
  regionOfObject: readonly (number | undefined)[],
): TokenisedCaption {
  const piecesBefore = (end: number) => tokenizer.encode(text.slice(0, end)).length;
  return {
    id,
    image,
    split,
    text,
    tokens: tokenizer.encode(text),
    phrases: phrases.map(({ start, end, object }) => ({
      start,
      end,
      token_start: piecesBefore(start),
      token_end: piecesBefore(end),
      object,
      region: regionOfObject[object] ?? null,
    })),
    ...(also_true_of !== undefined && { also_true_of }),
  };
}
