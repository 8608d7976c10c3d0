/**
 * The batch of a pretraining step: half of the pairs have masked words, the others are judged, a
 * picture of its own or another one. A pair never serves both: only matched pairs are worth masking,
 * so a mask would give the answer away. Everything follows from (seed, step).
 */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { FeatureSet } from "../../data/feature_set.ts";
import { type MaskedWords, maskWords } from "../../batch/masking.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import { inEpochs } from "../../batch/sampling.ts";

export interface PretrainingBatch extends MaskedWords {
  /** int32 [pair]: rows of the tables. */
  readonly texts: Int32Array;
  readonly images: Int32Array;
  /** int32 [judged]: places in the batch of the pairs that are judged. */
  readonly judged: Int32Array;
  /** int32 [judged]: 1 where text and image belong together. */
  readonly matched: Int32Array;
}

export interface PretrainingSizes {
  /** A multiple of 4. */
  readonly pairs: number;
  readonly words: number;
  /** Slots for masked words; words beyond them stay unmasked. */
  readonly masked: number;
  readonly maskRate: number;
}

export function pretrainingBatch(
  set: FeatureSet,
  index: SplitIndex,
  random: RandomStream,
  step: number,
  { pairs, words, masked, maskRate }: PretrainingSizes,
): PretrainingBatch {
  const { cls, sep } = set.vocabulary;
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
    slot = maskWords(batch, tokens, own.fork("mask"), {
      vocabulary: set.vocabulary,
      maskRate,
      first: pair * words + 1,
      slot,
    });
  }
  return batch;
}
