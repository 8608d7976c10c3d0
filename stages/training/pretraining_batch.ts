/**
 * The batch of a pretraining step: half of the pairs have masked words, the others are judged, a
 * picture of its own or another one. A pair never serves both: only matched pairs are worth masking,
 * so a mask would give the answer away. Everything follows from (seed, step).
 */
import type { RandomStream } from "../../pipeline/random_stream.ts";
import type { FeatureSet } from "../data/feature_set.ts";
import { type TableIndex } from "./pair_tables.ts";
import { inEpochs } from "./sampling.ts";

export interface PretrainingBatch {
  /** int32 [pair]: rows of the tables. */
  readonly texts: Int32Array;
  readonly images: Int32Array;
  /** int32 [judged]: places in the batch of the pairs that are judged. */
  readonly judged: Int32Array;
  /** int32 [judged]: 1 where text and image belong together. */
  readonly matched: Int32Array;
  /** int32 [pair, word]: the tokens as the model sees them. */
  readonly tokens: Int32Array;
  /** int32 [masked]: place in the flattened [pair * word], of the word that was there. */
  readonly maskedPlaces: Int32Array;
  readonly maskedWords: Int32Array;
  /** int32 [masked]: 1 for a masked word, 0 for an unused slot. */
  readonly maskedThere: Int32Array;
}

export interface PretrainingSizes {
  /** A multiple of 4. */
  readonly pairs: number;
  readonly words: number;
  /** Slots for masked words; words beyond them stay unmasked. */
  readonly masked: number;
  readonly maskRate: number;
}

/**
 * Masking as in BERT: of the chosen words 80 % become [MASK], 10 % a random word, 10 % stay.
 */
export function pretrainingBatch(
  set: FeatureSet,
  index: TableIndex,
  random: RandomStream,
  step: number,
  { pairs, words, masked, maskRate }: PretrainingSizes,
): PretrainingBatch {
  const { cls, sep, mask, size } = set.vocabulary;
  const specials = 1 + Math.max(set.vocabulary.pad, set.vocabulary.unk, cls, sep, mask);
  const batch: PretrainingBatch = {
    texts: new Int32Array(pairs),
    images: new Int32Array(pairs),
    judged: new Int32Array(pairs / 2),
    matched: new Int32Array(pairs / 2),
    tokens: new Int32Array(pairs * words),
    maskedPlaces: new Int32Array(masked),
    maskedWords: new Int32Array(masked),
    maskedThere: new Int32Array(masked),
  };
  const draw = random.fork("pairs").fork(step);
  let slot = 0;
  for (let pair = 0; pair < pairs; pair++) {
    const own = draw.fork(pair);
    const text = inEpochs(random.fork("texts"), step * pairs + pair, index.captions.length);
    const right = index.imageOfText[text]!;
    const masks = pair % 2 === 0;
    const matches = masks || pair % 4 === 1;
    const other = own.fork("image").integer(0, Math.max(1, index.images.length - 1));
    batch.texts[pair] = text;
    batch.images[pair] = matches ? right : other + (other >= right ? 1 : 0);
    if (!masks) {
      batch.judged[(pair - 1) / 2] = pair;
      batch.matched[(pair - 1) / 2] = matches ? 1 : 0;
    }
    const tokens = set.captions[index.captions[text]!]!.tokens;
    batch.tokens.set([cls, ...tokens, sep], pair * words);
    if (!masks) continue;
    const chance = own.fork("mask");
    tokens.forEach((token, place) => {
      if (chance.uniform(3 * place) >= maskRate || slot === masked) return;
      const at = pair * words + 1 + place;
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
  }
  return batch;
}
