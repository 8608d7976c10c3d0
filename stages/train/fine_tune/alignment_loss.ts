/**
 * The alignment loss of a micro-step: mean V loss of the image-anchored positives + mean L loss of the
 * text-anchored ones, or only one of them; each is the mean over layers. With a contrast of margin m, a
 * pair's loss is
 *
 *     max(0, m + own distance - distance of the anchor with its first negative)
 *
 * for L the same text with another picture, for V the same picture with another text. Uniform attention,
 * at which the plain loss is smallest, does not minimise it: there both distances are 0.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Configuration } from "../../model/configuration.ts";
import type { Weights } from "../../model/weights.ts";
import { type Alignment, alignmentLosses, type Modality } from "../../objective/alignment.ts";
import { type AlignmentScope, layersOf, modalitiesOf } from "../../objective/alignment_scope.ts";
import { attentionEntropies } from "../../objective/attention_entropy.ts";
import { type AttentionBlocks, attentionBlocks } from "../../objective/self_attention.ts";
import type { ScoredBatch } from "./ranking_batch.ts";

export interface AlignmentTerms {
  /** Unweighted; a scalar. */
  readonly loss: tf.Scalar;
  /**
   * Entropy of the own relations of the positives, 0 .. 1: the mean over modalities, layers and pairs.
   * Near 1 the aligned attention is uniform.
   */
  readonly entropy: tf.Scalar;
}

export interface AlignmentTermsOptions {
  readonly alignment: Alignment;
  readonly scope: AlignmentScope;
  /** Margin; undefined: the plain loss. */
  readonly contrast?: number | undefined;
}

export function alignmentTerms(
  weights: Weights,
  config: Configuration,
  scored: ScoredBatch,
  { alignment, scope, contrast }: AlignmentTermsOptions,
): AlignmentTerms {
  const layers = layersOf(scope.layers, config);
  const terms = modalitiesOf(scope).flatMap((modality) =>
    layers.map((layer) => {
      const blocks = (candidate: number) => {
        const pairs = scored.candidate(modality, candidate);
        const options = { layer, heads: scope.heads };
        return attentionBlocks(weights, config, pairs.entering(layer), pairs, options);
      };
      const own = blocks(0);
      const distances = alignmentLosses(own, alignment, modality);
      const losses = contrast === undefined ? distances : tf.relu(
        tf.add(tf.sub(distances, alignmentLosses(blocks(1), alignment, modality)), contrast),
      );
      return { loss: tf.mean(losses), entropy: tf.mean(ownEntropies(own, modality)) };
    })
  );
  const sum = tf.addN(terms.map(({ loss }) => loss)) as tf.Scalar;
  return {
    loss: layers.length === 1 ? sum : tf.div(sum, layers.length),
    entropy: tf.div(tf.addN(terms.map(({ entropy }) => entropy)), terms.length),
  };
}

/** Of S_LL or S_VV. */
function ownEntropies(blocks: AttentionBlocks, modality: Modality): tf.Tensor {
  const { tokenMask: words, regionMask: regions } = blocks;
  return modality === "text"
    ? attentionEntropies<"token", "token">(blocks.tokenToToken, { rows: words, columns: words })
    : attentionEntropies<"region", "region">(blocks.regionToRegion, {
      rows: regions,
      columns: regions,
    });
}
