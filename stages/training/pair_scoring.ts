/**
 * Scores many pairs of a split without gradient: captions and images are embedded once, then pairs
 * go through the encoder in blocks of one size, so that one program serves all.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import { pairScores } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import type { Compute } from "../tensorflow/backend.ts";
import type { TensorTree } from "../tensorflow/compile.ts";
import { compileOnce } from "../tensorflow/kept_programs.ts";
import { type PairTables, takeImages, takeTexts } from "./pair_tables.ts";

export interface PairScorer {
  /**
   * Raw rank scores, float32, one per pair.
   * @param texts rows of the tables @param images rows of the tables, as many
   */
  score(
    texts: Int32Array,
    images: Int32Array,
    after?: (done: number) => Promise<void>,
  ): Promise<Float32Array>;
  [Symbol.dispose](): void;
}

export function pairScorer(
  compute: Compute,
  config: Configuration,
  { weights, tables, block, xla }: {
    weights: Weights;
    tables: PairTables;
    block: number;
    xla: boolean;
  },
): PairScorer {
  const embed = compileOnce(
    compute,
    ({ weights, tables }: { weights: Weights; tables: PairTables }) => {
      const texts = takeTexts(tables, tf.range(0, tables.tokens.shape[0]!, 1, "int32"));
      const images = takeImages(tables, tf.range(0, tables.features.shape[0]!, 1, "int32"));
      return {
        text: embedText(weights, config, texts.tokens),
        wordMask: texts.wordMask,
        image: embedImage(weights, config, images),
        regionMask: images.regionMask,
      };
    },
    { name: "embed_split", xla, decides: config },
  );
  const embedded = embed({ weights, tables });
  const scoreBlock = compileOnce(
    compute,
    ({ weights, embedded, texts, images }: BlockInputs) =>
      pairScores(weights, config, {
        textEmbedding: tf.gather(embedded["text"]!, texts),
        wordMask: tf.gather(embedded["wordMask"]!, texts),
        imageEmbedding: tf.gather(embedded["image"]!, images),
        regionMask: tf.gather(embedded["regionMask"]!, images),
      }) as tf.Tensor,
    { name: "score_pairs", xla, decides: config },
  );
  return {
    async score(texts, images, after) {
      const scores = new Float32Array(texts.length);
      for (let from = 0; from < texts.length; from += block) {
        const to = Math.min(from + block, texts.length);
        // The last block is filled up with pairs 0, whose scores are dropped.
        const rows = (all: Int32Array) => {
          const filled = new Int32Array(block);
          filled.set(all.subarray(from, to));
          return tf.tensor1d(filled, "int32");
        };
        const indices = { texts: rows(texts), images: rows(images) };
        const result = scoreBlock({ weights, embedded, ...indices });
        scores.set(result.dataSync<"float32">().subarray(0, to - from), from);
        tf.dispose([indices, result]);
        await after?.(to);
      }
      return scores;
    },
    [Symbol.dispose]() {
      tf.dispose(embedded as unknown as tf.TensorContainer);
    },
  };
}

type BlockInputs = {
  readonly weights: Weights;
  readonly embedded: Readonly<Record<string, tf.Tensor>>;
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
} & { readonly [name: string]: TensorTree };
