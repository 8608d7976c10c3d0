/**
 * A step of pretraining as one program: masked words and image-text matching on the same pairs.
 *
 *     loss = mean cross entropy of the masked words + mean cross entropy of matching
 *
 * Source: UNITER (arXiv 1909.11740, section 3.2), which draws one task per batch; here a batch serves
 * both.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import { matchLogits, wordLogits } from "../model/heads.ts";
import { deviceRandom } from "../model/keyed_random.ts";
import { encodePairs, pooledPairs } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import { imageTextMatchingLoss } from "../objective/image_text_matching.ts";
import { maskedWordLoss } from "../objective/masked_words.ts";
import { lossAndGradients } from "./gradients.ts";
import { type PairTables, takeImages, takeTexts } from "./pair_tables.ts";

export type PretrainingInputs = {
  readonly weights: Weights;
  readonly tables: PairTables;
  /** `PretrainingBatch` on the device. */
  readonly batch: { readonly [name: string]: tf.Tensor };
  readonly key: tf.Tensor;
};

export type PretrainingOutputs = {
  readonly gradients: Record<string, tf.Tensor>;
  /** [4]: loss, masked-word part, matching part, share of pairs judged rightly. */
  readonly numbers: tf.Tensor;
};

export function pretrainingStep(
  config: Configuration,
  { weights, tables, batch, key }: PretrainingInputs,
): PretrainingOutputs {
  const random = deviceRandom(key as tf.Tensor1D);
  const texts = takeTexts(tables, batch["texts"]!);
  const images = takeImages(tables, batch["images"]!);
  const tokens = batch["tokens"]!;
  const matched = batch["matched"]!;
  const { loss, gradients, parts } = lossAndGradients(weights, (weights) => {
    const encoded = encodePairs(weights, config, {
      textEmbedding: embedText(weights, config, tokens, { random }),
      wordMask: texts.wordMask,
      imageEmbedding: embedImage(weights, config, images, { random }),
      regionMask: images.regionMask,
    }, { keep: "words", random });
    const rows = tf.reshape(encoded.last as tf.Tensor, [-1, config.hidden_size]);
    const maskedRows = tf.gather(rows, batch["maskedPlaces"]!);
    const words = maskedWordLoss(wordLogits(weights, maskedRows), {
      labels: batch["maskedWords"]!,
      masked: batch["maskedThere"]!,
    });
    const logits = matchLogits(weights, pooledPairs(weights, encoded));
    const matching = imageTextMatchingLoss(logits, matched);
    const judged = tf.equal(argMaxOutsideTape(logits as tf.Tensor), matched);
    return [
      tf.add(words, matching) as tf.Scalar,
      words,
      matching,
      tf.mean(tf.cast(judged, "float32")) as tf.Scalar,
    ];
  });
  return { gradients, numbers: tf.stack([loss, ...parts]) };
}

/** The likelier class of each row, as a constant. */
function argMaxOutsideTape(logits: tf.Tensor): tf.Tensor {
  const pick = tf.customGrad((x) => ({
    value: tf.cast(tf.argMax(x as tf.Tensor, -1), "float32"),
    gradFunc: () => tf.zeros(logits.shape),
  }));
  return tf.cast(pick(logits), "int32");
}
