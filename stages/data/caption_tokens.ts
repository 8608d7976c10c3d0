/** Captions as word pieces, with the pieces and the region of every phrase. */
import type { CaptionLine } from "./scene_list.ts";
import type { CaptionTokenizer } from "./tokenizer.ts";

export interface TokenisedCaption {
  readonly id: string;
  readonly image: string;
  readonly split: string;
  readonly text: string;
  /** Ids of its word pieces, without [CLS] and [SEP]. */
  readonly tokens: readonly number[];
  readonly phrases: readonly TokenisedPhrase[];
}

/** Half-open ranges of characters and of tokens. */
export interface TokenisedPhrase {
  readonly start: number;
  readonly end: number;
  readonly token_start: number;
  readonly token_end: number;
  readonly object: number;
  /** The region that covers the object, of those of its image; null if none does. */
  readonly region: number | null;
}

/**
 * The library gives no offsets; since words are cut at spaces and punctuation, the pieces before a
 * phrase are those of the text before it.
 *
 * @param regionOfObject per object of the caption's image
 */
export function tokeniseCaption(
  { id, image, split, text, phrases }: CaptionLine,
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
  };
}
