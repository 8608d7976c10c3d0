/**
 * Intra-modal self-attention distance as a loss (IAIS, arXiv 2105.13868, section 4). A modality's
 * attention to itself is its relation: words to words (S_LL), regions to regions (S_VV). The loss is
 * the distance between a modality's own relation and the other modality's, which is first brought to
 * the same axes as a matrix M:
 *
 *     L (words):   m-KL(M, S_LL),  M from S_LV with S_VV (transport) or S_VL (roundtrip)
 *     V (regions): m-KL(M, S_VV),  M from S_VL with S_LL (transport) or S_LV (roundtrip)
 *
 * A member of this family of losses is a projection (`projection.ts`: how attention between the
 * modalities becomes a map P) with a relation (below: how the other modality's relation is carried
 * along that map). The published members, and those between them:
 *
 *                 argmax      topk, sparsemax, entmax15      softmax
 *     transport   singular    sparse                         congruence (CACR)
 *     roundtrip               sparse                         distributed
 *
 * Transport has two normalisations of the rows of M: the published softmax, and division by their sum.
 *
 * Gradients flow through both arguments of m-KL (targets are not detached), as in the release, except
 * where a member stops them.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Axes } from "../model/axes.ts";
import { withoutGradient } from "../model/custom_gradient.ts";
import { project, type Projection } from "./projection.ts";
import type { AttentionBlocks } from "./self_attention.ts";
import { symmetricKl } from "./symmetric_kl.ts";

/**
 * How the other modality's relation is brought to this one's axes. `transport`: its own relation S,
 * read through the map: P S P^T. `roundtrip`: there and back, P_there P_back, without its own relation.
 */
export type Relation = "transport" | "roundtrip";

/**
 * How the rows of P S P^T, which do not sum to 1, become comparable with rows of attention. `softmax`:
 * of their entries, as in the release. The entries are between 0 and 1, so for n columns the largest
 * result is at most e / (e + n - 1), 12 % for 21 words, whatever S says: a nearly uniform target.
 * `sum`: divided by the row's sum, which keeps the contrast of the entries.
 */
export type Normalisation = "softmax" | "sum";

/**
 * What gets no gradient, so that a training cannot make two relations agree by flattening it. `cross`:
 * the map P, so that only the relations S learn. `relation`: the relations S, own and carried, so that
 * only the map learns. `other`: M as a whole is a fixed target, and only the own relation learns; for
 * a roundtrip, which consists of maps, the same as `cross`.
 */
export type StopGradient = "none" | "cross" | "relation" | "other";

/** One member of the family. */
export interface Alignment {
  readonly projection: Projection;
  readonly relation: Relation;
  /** Of the rows of M; `none` for a roundtrip, whose rows sum to 1. */
  readonly normalise: Normalisation | "none";
  /** Whether the rows of the own relation, which sum to 1 already, are normalised like those of M. */
  readonly normaliseOwn: boolean;
  readonly stopGradient: StopGradient;
  /**
   * Added within the logarithms of m-KL; see `symmetricKl`. Where M has exact zeros, an attention
   * weight w costs -w log eps: 13.8 w at 1e-6. A softmax has none.
   */
  readonly eps: number;
}

/**
 * The member with the normalisation and the eps that the release uses with that relation. So topk
 * includes the published ones: singular at k = 1, distributed at k = all.
 * @param normalise for transport only
 */
export function member(
  projection: Projection,
  relation: Relation,
  normalise: Normalisation = "softmax",
): Alignment {
  const used = relation === "transport" ? normalise : "none";
  return {
    projection,
    relation,
    normalise: used,
    normaliseOwn: false,
    stopGradient: "none",
    eps: used === "softmax" ? 0 : 1e-6,
  };
}

/** The paper's two, under the names of the experiment file. */
export const alignments = {
  singular: member("argmax", "transport"),
  distributed: member("softmax", "roundtrip"),
} as const satisfies Record<string, Alignment>;

/**
 * CACR (arXiv 2212.10549), as its code computes it (KhoomeiK/CACR, commit aad503d, model/model.py,
 * iais_soft): softmax(S_LV S_VV S_LV^T) against softmax(S_LL), and the same for regions, without eps
 * and without a gradient into S_LV. With an argmax in place of S_LV it is singular, except that
 * singular has no softmax of S_LL.
 */
export const congruence: Alignment = {
  ...member("softmax", "transport"),
  normaliseOwn: true,
  stopGradient: "cross",
};

/** `text`: the paper's L loss; `image`: its V loss. */
export type Modality = "text" | "image";

/** The loss of each pair; 0 for a pair without words or without regions. */
export function alignmentLosses(
  blocks: AttentionBlocks,
  alignment: Alignment,
  modality: Modality,
): Axes<"pair"> {
  return modality === "text"
    ? distance<"token", "region">(alignment, textSides(blocks))
    : distance<"region", "token">(alignment, imageSides(blocks));
}

/** M over words: the regions' relation brought to the words, to be compared with their own, S_LL. */
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
  const { eps, normalise, normaliseOwn } = alignment;
  const own = stopped(alignment, "relation", sides.own);
  return symmetricKl<Own>(mirrored, normaliseOwn ? normalised(own, { by: normalise, mask }) : own, {
    mask,
    eps,
  });
}

/** M, and the mask of its rows. */
function aligned<Own extends string, Other extends string>(
  alignment: Alignment,
  { other, there, back, mask: ownMask, otherMask }: Sides<Own, Other>,
): { mirrored: Axes<`pair ${Own} ${Own}`>; mask: tf.Tensor } {
  const { projection, relation, normalise } = alignment;
  const map = stopped(alignment, "cross", project<Own, Other>(projection, there));
  const carried = relation === "transport"
    ? transport<Own, Other>(map, stopped(alignment, "relation", other))
    : roundtrip<Own, Other>(
      map,
      stopped(alignment, "cross", project<Other, Own>(projection, back)),
    );
  // A pair without any word or any region of the other modality has nothing to compare with.
  const mask = tf.mul(ownMask, tf.max(otherMask, 1, true));
  const rows = normalised(carried, { by: normalise, mask });
  return { mirrored: stopped<`pair ${Own} ${Own}`>(alignment, "other", rows), mask };
}

/** The tensor, without a gradient if this is what the member stops. */
function stopped<Names extends string>(
  { stopGradient }: Alignment,
  what: StopGradient,
  x: Axes<Names>,
): Axes<Names> {
  return stopGradient === what ? withoutGradient(x, tf.clone) : x;
}

/** P S P^T. With a one-hot P, entry (i, j) is S at (a(i), a(j)), a(i) being the 1 in row i. */
export function transport<From extends string, To extends string>(
  projection: Axes<`pair ${From} ${To}`>,
  relation: Axes<`pair ${To} ${To}`>,
): Axes<`pair ${From} ${From}`> {
  const rows = tf.matMul(projection, relation);
  return tf.matMul(rows, projection, false, true);
}

/** P_there P_back. */
export function roundtrip<From extends string, To extends string>(
  there: Axes<`pair ${From} ${To}`>,
  back: Axes<`pair ${To} ${From}`>,
): Axes<`pair ${From} ${From}`> {
  return tf.matMul(there, back);
}

/** Rows that sum to 1 over the unpadded columns; padded columns become exactly 0. */
function normalised(
  x: tf.Tensor,
  { by, mask }: { readonly by: Alignment["normalise"]; readonly mask: tf.Tensor },
): tf.Tensor {
  switch (by) {
    case "softmax":
      return tf.softmax(tf.add(x, tf.expandDims(tf.mul(tf.sub(mask, 1), 10000), 1)));
    case "sum": {
      const there = tf.mul(tf.add(x, LEAST_SHARE), tf.expandDims(mask, 1));
      return tf.div(there, tf.maximum(tf.sum(there, 2, true), LEAST_SHARE));
    }
    case "none":
      return x;
    default:
      return by satisfies never;
  }
}

/**
 * Added to every entry of a row that is divided by its sum, so that a row without any entry above 0
 * becomes uniform: all of its attention went to positions that the map does not reach.
 */
const LEAST_SHARE = 1e-9;
