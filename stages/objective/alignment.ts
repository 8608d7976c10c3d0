/**
 * Intra-modal self-attention distance as a loss (IAIS, arXiv 2105.13868, section 4): how far a
 * modality's own relation is from the other's, once that is brought to the same axes.
 *
 *     L (words):   m-KL(M, S_LL),  M from S_LV with S_VV (transport) or S_VL (roundtrip)
 *     V (regions): m-KL(M, S_VV),  M from S_VL with S_LL (transport) or S_LV (roundtrip)
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
  /** Softmax over the rows of M. The release has it for singular: a second softmax, nearly flat. */
  readonly rowSoftmax: boolean;
  /** Within the logarithms of m-KL; see `symmetricKl`. */
  readonly eps: number;
}

/** The paper's two, under the names of the experiment file. */
export const alignments = {
  singular: { projection: "argmax", relation: "transport", rowSoftmax: true, eps: 0 },
  distributed: { projection: "softmax", relation: "roundtrip", rowSoftmax: false, eps: 1e-6 },
} as const satisfies Record<string, Alignment>;

/** `text`: the paper's L loss; `image`: its V loss. */
export type Modality = "text" | "image";

/** The loss of each pair, 0 for a pair that is all padding. */
export function alignmentLosses(
  blocks: AttentionBlocks,
  alignment: Alignment,
  modality: Modality,
): Axes<"pair"> {
  const { tokenToToken, regionToRegion, tokenToRegion, regionToToken } = blocks;
  return modality === "text"
    ? distance<"token", "region">(alignment, {
      own: tokenToToken,
      other: regionToRegion,
      there: tokenToRegion,
      back: regionToToken,
      mask: blocks.tokenMask,
    })
    : distance<"region", "token">(alignment, {
      own: regionToRegion,
      other: tokenToToken,
      there: regionToToken,
      back: tokenToRegion,
      mask: blocks.regionMask,
    });
}

/** The blocks as one modality sees them. */
interface Sides<Own extends string, Other extends string> {
  readonly own: Axes<`pair ${Own} ${Own}`>;
  readonly other: Axes<`pair ${Other} ${Other}`>;
  readonly there: Axes<`pair ${Own} ${Other}`>;
  readonly back: Axes<`pair ${Other} ${Own}`>;
  readonly mask: Axes<`pair ${Own}`>;
}

function distance<Own extends string, Other extends string>(
  { projection, relation, rowSoftmax, eps }: Alignment,
  { own, other, there, back, mask }: Sides<Own, Other>,
): Axes<"pair"> {
  const map = project<Own, Other>(projection, there);
  const carried = relation === "transport"
    ? transport<Own, Other>(map, other)
    : roundtrip<Own, Other>(map, project<Other, Own>(projection, back));
  const mirrored = rowSoftmax ? maskedRowSoftmax(carried as tf.Tensor, mask as tf.Tensor) : carried;
  return symmetricKl(mirrored as tf.Tensor, own as tf.Tensor, { mask: mask as tf.Tensor, eps });
}

/** Softmax over the columns that are there; padded columns become exactly 0. */
function maskedRowSoftmax(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  return tf.softmax(tf.add(x, tf.expandDims(tf.mul(tf.sub(mask, 1), 10000), 1)));
}
