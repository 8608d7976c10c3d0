/**
 * The program that measures a block of pairs: captions with their own pictures, then the same captions
 * with wrong ones.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import type { Configuration } from "../model/configuration.ts";
import { embedImage, embedText } from "../model/embeddings.ts";
import type { Precision } from "../model/matrix_product.ts";
import { encodePairs } from "../model/uniter.ts";
import type { Weights } from "../model/weights.ts";
import { type Alignment, alignmentLosses } from "../objective/alignment.ts";
import { attentionEntropies } from "../objective/attention_entropy.ts";
import { type AttentionBlocks, attentionBlocks } from "../objective/self_attention.ts";
import type { TensorTree } from "../tensorflow/programs/tensor_tree.ts";
import type { ImageTable } from "../batch/image_table.ts";
import type { TextTable } from "../batch/row_tables.ts";
import { takeImages, takeTexts } from "../batch/gather_rows.ts";

/** What is read from a pair. */
export interface RelationReading {
  readonly alignments: readonly Alignment[];
  /** Counted from 0. */
  readonly layers: readonly number[];
  /** `each`: distances and relations of every head; `mean`: of the mean over heads, as if one head. */
  readonly heads: "mean" | "each";
  /** Whether to return the relations of the own pairs, for annotated distances. */
  readonly relations: boolean;
  readonly precision?: Precision | undefined;
}

export type BlockInputs = {
  readonly weights: Weights;
  readonly table: TextTable;
  readonly images: ImageTable;
  /** [half]: the captions. */
  readonly textRows: tf.Tensor;
  /** [half]: places of their own and of their wrong pictures in `images`. */
  readonly ownRows: tf.Tensor;
  readonly wrongRows: tf.Tensor;
} & { readonly [name: string]: TensorTree };

/** The outputs of the program for a layer. Pairs are the own ones, then the wrong ones. */
export type LayerTensors = {
  /** [alignment * 2, pair * head]: text, then image of the first alignment, of the second, and so on. */
  readonly distances: tf.Tensor;
  /** [3, own pair * head]: of S_LL, S_VV, S_LV. */
  readonly entropies: tf.Tensor;
  /** Of own pairs: words to words and regions to regions; empty if not requested. */
  readonly own:
    | readonly []
    | readonly [
      tokens: Axes<"pair token token">,
      regions: Axes<"pair region region">,
    ];
};

export function blockProgram(
  config: Configuration,
  { alignments, layers, heads, relations, precision }: RelationReading,
) {
  return ({ weights, table, images, ...rows }: BlockInputs): LayerTensors[] => {
    const [textRows, imageRows] = [
      tf.concat<tf.Tensor>([rows.textRows, rows.textRows]),
      tf.concat<tf.Tensor>([rows.ownRows, rows.wrongRows]),
    ];
    const { tokens, wordMask } = takeTexts(table, textRows);
    const { regionMask, ...regions } = takeImages(images, imageRows);
    const { entering } = encodePairs(weights, config, {
      textEmbedding: embedText(weights, config, tokens),
      wordMask,
      imageEmbedding: embedImage(weights, config, regions, { precision }),
      regionMask,
    }, { keep: "cls", precision });
    return layers.map((layer) => {
      const reading = { layer, heads };
      const blocks = attentionBlocks(weights, config, entering[layer]!, {
        wordMask,
        regionMask,
      }, reading);
      const distances = alignments.flatMap((alignment) =>
        (["text", "image"] as const).map((modality) => alignmentLosses(blocks, alignment, modality))
      );
      const own = firstHalf(blocks);
      return {
        distances: tf.stack(distances),
        entropies: tf.stack(entropiesOf(own)),
        own: relations ? [own.tokenToToken, own.regionToRegion] as const : [] as const,
      };
    });
  };
}

/** The blocks of the own pairs, which come first. */
function firstHalf(blocks: AttentionBlocks): AttentionBlocks {
  const own = (x: tf.Tensor) => tf.slice(x, 0, x.shape[0]! / 2);
  return {
    tokenToToken: own(blocks.tokenToToken),
    regionToRegion: own(blocks.regionToRegion),
    tokenToRegion: own(blocks.tokenToRegion),
    regionToToken: own(blocks.regionToToken),
    tokenMask: own(blocks.tokenMask),
    regionMask: own(blocks.regionMask),
  };
}

/** Of S_LL, S_VV, S_LV. */
function entropiesOf(blocks: AttentionBlocks): Axes<"pair">[] {
  const { tokenMask: words, regionMask: regions } = blocks;
  return [
    attentionEntropies<"token", "token">(blocks.tokenToToken, { rows: words, columns: words }),
    attentionEntropies<"region", "region">(blocks.regionToRegion, {
      rows: regions,
      columns: regions,
    }),
    attentionEntropies<"token", "region">(blocks.tokenToRegion, { rows: words, columns: regions }),
  ];
}
