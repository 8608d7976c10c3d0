/**
 * Masked words and matching in one step, each on its own half of the pairs, with a contrast of words
 * and regions:
 *
 *     loss = masked words + matching + weight * word-region contrast of the matched pairs
 *
 * A pair never serves both: only matched pairs are worth masking, so a mask would give the answer
 * away. UNITER draws one task per batch instead.
 */
import * as tf from "@tensorflow/tfjs-core";
import { takeImages, takeTexts } from "../../../batch/gather_rows.ts";
import { embedImage, embedText } from "../../../model/embeddings.ts";
import { encodePairs, pooledPairs } from "../../../model/uniter.ts";
import { wordRegionContrast } from "../../../objective/contrast.ts";
import { signsOfPairs } from "../../score_signs.ts";
import { drawOf, matchLabels, mismatched, rowBatch, rowsOf, textsInEpochs } from "../batch_rows.ts";
import type { BatchArray, PretrainingTask } from "../task.ts";
import {
  lossOfMaskedWords,
  maskedTokens,
  type MaskedWordBatch,
  maskedWords,
} from "./masked_words.ts";
import { matching, type MatchingBatch, matchLoss } from "./matching.ts";

export type JointBatch = MaskedWordBatch & MatchingBatch & {
  /** int32 [judged]: places in the batch of the pairs that are judged; `matched` is theirs. */
  readonly judged: BatchArray;
};

/** Even pairs have masked words; of the others, every second has another image than its own. */
const isMasked = (pair: number) => pair % 2 === 0;
const isMismatched = (pair: number) => pair % 4 === 3;

export const joint: PretrainingTask<JointBatch> = {
  trains: [...matching.trains, ...maskedWords.trains],
  reports: ["masked_word_loss", "matching_loss", "contrast_loss", "matching_accuracy"],
  needs: ["two_pictures"],
  batch(source, step) {
    const { index, words, maskRate } = source;
    const draw = drawOf(source, step);
    const pairs = textsInEpochs(source, step)
      .map((rows, pair) => isMismatched(pair) ? mismatched(rows, index, draw.fork(pair)) : rows);
    const judged = [...pairs.keys()].filter((pair) => !isMasked(pair));
    return {
      ...rowBatch(pairs, index),
      judged: rowsOf(judged, { count: pairs.length, what: "pairs of a batch" }),
      matched: matchLabels(judged.map((pair) => pairs[pair]!), index),
      ...maskedTokens(source, pairs, {
        draw,
        slots: Math.ceil(pairs.length * words * maskRate / 2),
        masks: isMasked,
      }),
    };
  },
  loss(input) {
    const { weights, config, objective, tables, batch, random } = input;
    const { contrastWeight, temperature, drops } = objective;
    const texts = takeTexts(tables, batch.texts);
    const images = takeImages(tables, batch.images, { drops, random });
    const textEmbedding = embedText(weights, config, batch.tokens, { random });
    const imageEmbedding = embedImage(weights, config, images, { random });
    const encoded = encodePairs(weights, config, {
      textEmbedding,
      wordMask: texts.wordMask,
      imageEmbedding,
      regionMask: images.regionMask,
    }, { keep: "words", random });
    const words = lossOfMaskedWords(input, encoded);
    const judged = tf.gather(pooledPairs(weights, encoded), batch.judged);
    const match = matchLoss(weights, judged, batch.matched);
    const contrast = contrastWeight === 0 ? tf.scalar(0) : wordRegionContrast({
      words: maskedHalf(textEmbedding),
      wordMask: maskedHalf(texts.wordMask),
      regions: maskedHalf(imageEmbedding),
      regionMask: maskedHalf(images.regionMask),
    }, { temperature });
    return {
      loss: tf.add(tf.add(words, match.loss), tf.mul(contrast, contrastWeight)),
      reported: [words, match.loss, contrast, match.accuracy],
      scores: match.scores,
    };
  },
  signs: (scores, { matched }) => signsOfPairs(scores, matched.values),
  note: ({ masked_word_loss: words, matching_loss: matching }) =>
    `words ${words!.toFixed(2)}, matching ${matching!.toFixed(2)}`,
};

/** The pairs with masked words, which all match. */
function maskedHalf(x: tf.Tensor): tf.Tensor {
  const [pairs = 0, ...inner] = x.shape;
  const twos = tf.reshape(x, [pairs / 2, 2, ...inner]);
  const first = tf.slice(twos, twos.shape.map(() => 0), [pairs / 2, 1, ...inner]);
  return tf.reshape(first, [pairs / 2, ...inner]);
}
