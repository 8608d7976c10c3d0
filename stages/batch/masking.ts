/** Which words and regions of a pair are masked. Everything follows from the stream. */
import type { RandomStream } from "../../pipeline/contract/random_stream.ts";
import type { Vocabulary } from "../data/feature_set.ts";

/** Slots of a batch for what is masked; words beyond them stay unmasked. */
export interface MaskedWords {
  /** int32 [pair, word]: the tokens as the model sees them. */
  readonly tokens: Int32Array;
  /** int32 [masked]: place in the flattened [pair * word], of the word that was there. */
  readonly maskedPlaces: Int32Array;
  readonly maskedWords: Int32Array;
  /** int32 [masked]: 1 for a masked word, 0 for an unused slot. */
  readonly maskedThere: Int32Array;
}

/**
 * Masks words of one text as BERT does: of the chosen ones 80 % become [MASK], 10 % a random word,
 * 10 % stay.
 * @param first place of the text's first word (after [CLS]) in `batch.tokens`
 * @param slot the next that is free
 * @returns the next slot that is free then
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
 * Regions of one image that are masked: a share of them, rounded, one at least. (The release tosses a
 * coin for each; this many come out of it on average.)
 */
export function maskedRegions(regions: number, chance: RandomStream, maskRate: number): number[] {
  return chance.sample(maskedCount(regions, maskRate), regions);
}

export function maskedCount(regions: number, maskRate: number): number {
  return Math.min(regions, Math.max(1, Math.round(regions * maskRate)));
}
