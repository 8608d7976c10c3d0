/** One vector per caption of a split, from the text encoder alone. */
import * as tf from "@tensorflow/tfjs-core";
import type { FeatureSet } from "../data/feature_set.ts";
import type { Configuration } from "../model/configuration.ts";
import { isOfText } from "../model/branches.ts";
import { type HostWeights, type Weights, weightsOnDevice } from "../model/weights.ts";
import { encodeText, meanOfWords } from "../model/text_encoder.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { compileOnce } from "../tensorflow/programs/compile.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { firstPlaces } from "../batch/gather_rows.ts";
import { requirePositions, requireVocabulary } from "../batch/model_fit.ts";

export interface SentenceOptions {
  readonly set: FeatureSet;
  readonly xla: boolean;
  after?(done: number, total: number): Promise<void>;
}

/** Texts that go through the encoder together. */
const block = 32;
/** The word positions of a block are a multiple of this, so that few programs are compiled. */
const step = 16;

/** @returns one vector per text of the index */
export async function sentenceEmbeddings(
  compute: Compute,
  { config, weights: stored }: { config: Configuration; weights: HostWeights },
  index: Pick<SplitIndex, "captions">,
  options: SentenceOptions,
): Promise<Float32Array[]> {
  const weights = weightsOnDevice(stored, Object.keys(stored).filter(isOfText));
  try {
    return await sentencesOnDevice(compute, { config, weights }, index, options);
  } finally {
    tf.dispose(weights);
  }
}

/** Like `sentenceEmbeddings`, with weights that are on the device and stay there. */
export async function sentencesOnDevice(
  compute: Compute,
  { config, weights: all }: { config: Configuration; weights: Weights },
  index: Pick<SplitIndex, "captions">,
  { set, xla, after }: SentenceOptions,
): Promise<Float32Array[]> {
  const texts = index.captions.map((caption) => set.captions[caption]!.tokens);
  requireVocabulary(set, config);
  requirePositions(texts.reduce((most, { length }) => Math.max(most, length), 0) + 2, config);
  const weights = Object.fromEntries(Object.entries(all).filter(([name]) => isOfText(name)));
  const program = compileOnce(
    compute,
    ({ weights, tokens, words }: { weights: Weights; tokens: tf.Tensor; words: tf.Tensor }) => {
      const wordMask = firstPlaces(words, tokens.shape[1]!);
      return meanOfWords(encodeText(weights, config, { tokens, wordMask }), wordMask);
    },
    { name: "sentence_embeddings", xla, decides: [config] },
  );
  // Texts of similar length go together; no value depends on the order.
  const order = texts.map((_, text) => text)
    .sort((a, b) => texts[a]!.length - texts[b]!.length || a - b);
  const vectors: Float32Array[] = [];
  for (let start = 0; start < order.length; start += block) {
    const rows = order.slice(start, start + block);
    const longest = texts[rows.at(-1)!]!.length + 2;
    const places = Math.min(Math.ceil(longest / step) * step, config.max_position_embeddings);
    const tokens = new Int32Array(block * places);
    const words = new Int32Array(block).fill(1); // a row of padding attends to one position
    const { cls, sep } = set.vocabulary;
    rows.forEach((text, row) => {
      const ids = [cls, ...texts[text]!, sep];
      tokens.set(ids, row * places);
      words[row] = ids.length;
    });
    const inputs = {
      tokens: tf.tensor2d(tokens, [block, places], "int32"),
      words: tf.tensor1d(words, "int32"),
    };
    const made = program({ weights, ...inputs });
    const values = await made.data() as Float32Array;
    rows.forEach((text, row) =>
      vectors[text] = values.slice(row * config.hidden_size, (row + 1) * config.hidden_size)
    );
    tf.dispose([inputs.tokens, inputs.words, made]);
    await after?.(Math.min(start + block, order.length), order.length);
  }
  return vectors;
}
