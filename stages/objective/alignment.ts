/**
 * Intra-modal self-attention distance as a loss (IAIS, arXiv 2105.13868, section 4): how far a
 * modality's own relation is from the other's, once that is brought to the same axes.
 *
 *     L (words):   m-KL(M, S_LL),  M from S_LV with S_VV (transport) or S_VL (roundtrip)
 *     V (regions): m-KL(M, S_VV),  M from S_VL with S_LL (transport) or S_LV (roundtrip)
 *
 * A member of the family is a projection with a relation. Published ones, and what lies between:
 *
 *                 argmax      topk, sparsemax, entmax15      softmax
 *     transport   singular    sparse                         congruence
 *     roundtrip               sparse                         distributed
 *
 * Gradients flow through both arguments (targets are not detached), as in the release.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { project, type Projection } from "./projection.ts";
import { type Relation, roundtrip, transport } from "./relation.ts";
import type { AttentionBlocks } from "./self_attention.ts";
import { symmetricKl } from "./symmetric_kl.ts";

/** One member of the family. */
export interface Alignment {
  readonly projection: Projection;
  readonly relation: Relation;
  /**
   * Softmax over the rows of M. The release has it for singular: a second softmax, nearly flat.
   * Transport needs something of the kind, since the rows of P S P^T do not sum to 1.
   */
  readonly rowSoftmax: boolean;
  /**
   * Within the logarithms of m-KL; see `symmetricKl`. A sparse roundtrip has exact zeros, and an
   * attention weight against a zero costs -log eps times itself: 13.8 at 1e-6.
   */
  readonly eps: number;
}

/**
 * The member with the row softmax and the eps that the release has with that relation: so topk ends
 * in the published ones, singular with k = 1, distributed with all places.
 */
export function member(
  projection: Projection,
  relation: Relation,
): Alignment {
  return relation === "transport"
    ? { projection, relation, rowSoftmax: true, eps: 0 }
    : { projection, relation, rowSoftmax: false, eps: 1e-6 };
}

/** The paper's two, under the names of the experiment file. */
export const alignments = {
  singular: member("argmax", "transport"),
  distributed: member("softmax", "roundtrip"),
} as const satisfies Record<string, Alignment>;

/**
 * softmax(S_LV S_VV S_LV^T) against S_LL, and its mirror image: CACR (arXiv 2212.10549), of which
 * singular is the hard case. Its code is not published; eps is ours.
 */
export const congruence: Alignment = member("softmax", "transport");

/** `text`: the paper's L loss; `image`: its V loss. */
export type Modality = "text" | "image";

/** The loss of each pair, 0 for a pair that lacks words or regions. */
export function alignmentLosses(
  blocks: AttentionBlocks,
  alignment: Alignment,
  modality: Modality,
): Axes<"pair"> {
  return modality === "text"
    ? distance<"token", "region">(alignment, textSides(blocks))
    : distance<"region", "token">(alignment, imageSides(blocks));
}

/** M over words: what the regions make of the words' own relation, S_LL, which it is compared with. */
export function alignedWords(
  blocks: AttentionBlocks,
  alignment: Alignment,
): Axes<"pair token token"> {
  return aligned<"token", "region">(alignment, textSides(blocks)).mirrored;
}

function textSides(blocks: AttentionBlocks): Sides<"token", "region"> {
  return {
    own: blocks.tokenToToken,
    other: blocks.regionToRegion,
    there: blocks.tokenToRegion,
    back: blocks.regionToToken,
    mask: blocks.tokenMask,
    otherMask: blocks.regionMask,
  };
}

function imageSides(blocks: AttentionBlocks): Sides<"region", "token"> {
  return {
    own: blocks.regionToRegion,
    other: blocks.tokenToToken,
    there: blocks.regionToToken,
    back: blocks.tokenToRegion,
    mask: blocks.regionMask,
    otherMask: blocks.tokenMask,
  };
}

/** The blocks as one modality sees them. */
interface Sides<Own extends string, Other extends string> {
  readonly own: Axes<`pair ${Own} ${Own}`>;
  readonly other: Axes<`pair ${Other} ${Other}`>;
  readonly there: Axes<`pair ${Own} ${Other}`>;
  readonly back: Axes<`pair ${Other} ${Own}`>;
  readonly mask: Axes<`pair ${Own}`>;
  readonly otherMask: Axes<`pair ${Other}`>;
}

function distance<Own extends string, Other extends string>(
  alignment: Alignment,
  sides: Sides<Own, Other>,
): Axes<"pair"> {
  const { mirrored, mask } = aligned<Own, Other>(alignment, sides);
  return symmetricKl<Own>(mirrored, sides.own, {
    mask,
    eps: alignment.eps,
  });
}

/** M, and which of its places are there. */
function aligned<Own extends string, Other extends string>(
  { projection, relation, rowSoftmax }: Alignment,
  { other, there, back, mask: ownMask, otherMask }: Sides<Own, Other>,
): { mirrored: Axes<`pair ${Own} ${Own}`>; mask: tf.Tensor } {
  const map = project<Own, Other>(projection, there);
  const carried = relation === "transport"
    ? transport<Own, Other>(map, other)
    : roundtrip<Own, Other>(map, project<Other, Own>(projection, back));
  // Without any place of the other modality there is nothing to compare with.
  const mask = tf.mul(ownMask, tf.max(otherMask, 1, true));
  const mirrored = rowSoftmax ? maskedRowSoftmax(carried, mask) : carried;
  return { mirrored, mask };
}

/** Softmax over the columns that are there; padded columns become exactly 0. */
function maskedRowSoftmax(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  return tf.softmax(tf.add(x, tf.expandDims(tf.mul(tf.sub(mask, 1), 10000), 1)));
}
