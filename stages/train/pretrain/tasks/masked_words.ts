/**
 * Masked words: mean cross entropy of words that were masked, from the rest of the text and the image.
 * Source: UNITER (arXiv 1909.11740, section 3.2).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { RandomStream } from "../../../../pipeline/contract/random_stream.ts";
import { maskWords } from "../../../batch/masking.ts";
import { wordLogits } from "../../../model/heads.ts";
import { encoderParts } from "../../../model/parameters.ts";
import type { EncodedPairs } from "../../../model/uniter.ts";
import { maskedWordLoss } from "../../../objective/masked_modelling.ts";
import {
  drawOf,
  int32,
  type PairRows,
  type RowBatch,
  rowBatch,
  rowsOf,
  textsInEpochs,
} from "../batch_rows.ts";
import { encodedPairs } from "../encoded_pairs.ts";
import type { BatchArray, BatchSource, LossInput, PretrainingTask } from "../task.ts";

export type MaskedWordBatch = RowBatch & MaskedTokens;

/** Words beyond the slots stay unmasked. */
export type MaskedTokens = {
  /** int32 [pair, word]: the tokens as the model sees them. */
  readonly tokens: BatchArray;
  /** int32 [masked]: places in the flattened [pair * word], and the words that were there. */
  readonly maskedPlaces: BatchArray;
  readonly maskedWords: BatchArray;
  /** int32 [masked]: 1 for a masked word, 0 for an unused slot. */
  readonly maskedThere: BatchArray;
};

export const maskedWords: PretrainingTask<MaskedWordBatch> = {
  trains: [...encoderParts.text, ...encoderParts.image, ...encoderParts.layers, "cls."],
  reports: ["masked_word_loss"],
  batch(source, step) {
    const pairs = textsInEpochs(source, step);
    const slots = Math.ceil(pairs.length * source.words * source.maskRate);
    return {
      ...rowBatch(pairs, source.index),
      ...maskedTokens(source, pairs, { draw: drawOf(source, step), slots }),
    };
  },
  loss(input) {
    const { pairs } = encodedPairs(input, { keep: "words", tokens: input.batch.tokens });
    const loss = lossOfMaskedWords(input, pairs);
    return { loss, reported: [loss] };
  },
};

/** @param options.masks which pairs have masked words; by default all */
export function maskedTokens(
  { set, index, words, maskRate }: BatchSource,
  pairs: readonly PairRows[],
  { draw, slots, masks = () => true }: {
    readonly draw: RandomStream;
    readonly slots: number;
    readonly masks?: (pair: number) => boolean;
  },
): MaskedTokens {
  const { vocabulary } = set;
  const { cls, sep } = vocabulary;
  const batch = {
    tokens: new Int32Array(pairs.length * words),
    maskedPlaces: new Int32Array(slots),
    maskedWords: new Int32Array(slots),
    maskedThere: new Int32Array(slots),
  };
  let slot = 0;
  pairs.forEach(({ text }, pair) => {
    const { tokens } = set.captions[index.captions[text]!]!;
    batch.tokens.set([cls, ...tokens, sep], pair * words);
    if (!masks(pair)) return;
    const options = { vocabulary, maskRate, first: pair * words + 1, slot };
    slot = maskWords(batch, tokens, draw.fork(pair).fork("mask"), options);
  });
  return {
    tokens: { shape: [pairs.length, words], values: batch.tokens },
    maskedPlaces: rowsOf(batch.maskedPlaces, {
      count: batch.tokens.length,
      what: "words of a batch",
    }),
    maskedWords: rowsOf(batch.maskedWords, {
      count: vocabulary.size,
      what: "words of the vocabulary",
    }),
    maskedThere: int32(batch.maskedThere),
  };
}

/** @param encoded with the rows of words alone */
export function lossOfMaskedWords(
  { weights, config, batch }: LossInput<MaskedWordBatch>,
  { last }: EncodedPairs,
): tf.Scalar {
  const rows = tf.reshape(last, [-1, config.hidden_size]);
  return maskedWordLoss(wordLogits(weights, tf.gather(rows, batch.maskedPlaces)), {
    labels: batch.maskedWords,
    masked: batch.maskedThere,
  });
}
