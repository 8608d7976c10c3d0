/** Which words and regions of a pair are masked. Every choice follows from the random stream. */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import type { Vocabulary } from "../data/feature_set.ts";

/** The masked words of a batch. There is a fixed number of slots; further words stay unmasked. */
export interface MaskedWords {
  /** int32 [pair, word]: the tokens as the model sees them. */
  readonly tokens: Int32Array;
  /** int32 [masked]: positions in the flattened [pair * word]. */
  readonly maskedPlaces: Int32Array;
  /** int32 [masked]: the words that were there. */
  readonly maskedWords: Int32Array;
  /** int32 [masked]: 1 for a masked word, 0 for an unused slot. */
  readonly maskedThere: Int32Array;
}

/**
 * Masks words of one text as BERT does: of the chosen words 80 % become [MASK], 10 % a random word,
 * and 10 % stay as they are.
 * @param options `first`: index in `batch.tokens` of the text's first word (after [CLS]); `slot`: the
 * next free slot
 * @returns the next free slot after this text
 */
export function maskWords(
  batch: MaskedWords,
  tokens: readonly number[],
  chance: RandomStream,
  { vocabulary, maskRate, first, slot }: {
    readonly vocabulary: Vocabulary;
    readonly maskRate: number;
    readonly first: number;
    readonly slot: number;
  },
): number {
  const { pad, unk, cls, sep, mask, size } = vocabulary;
  const specials = 1 + Math.max(pad, unk, cls, sep, mask);
  tokens.forEach((token, place) => {
    if (chance.uniform(3 * place) >= maskRate || slot === batch.maskedPlaces.length) return;
    const at = first + place;
    batch.maskedPlaces[slot] = at;
    batch.maskedWords[slot] = token;
    batch.maskedThere[slot] = 1;
    slot++;
    const kind = chance.uniform(3 * place + 1);
    if (kind < 0.8) batch.tokens[at] = mask;
    else if (kind < 0.9) {
      batch.tokens[at] = specials + chance.integer(3 * place + 2, size - specials);
    }
  });
  return slot;
}

/**
 * The regions of one image that are masked: a rounded share of them, at least one. (The release
 * decides for each region on its own, which masks as many on average.)
 */
export function maskedRegions(regions: number, chance: RandomStream, maskRate: number): number[] {
  return chance.sample(maskedCount(regions, maskRate), regions);
}

export function maskedCount(regions: number, maskRate: number): number {
  return Math.min(regions, Math.max(1, Math.round(regions * maskRate)));
}
