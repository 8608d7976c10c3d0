/** An optimiser update as one program: clipping by the joint norm, then AdamW. */
import type * as tf from "@tensorflow/tfjs-core";
import type { Weights } from "../model/weights.ts";
import {
  adamw,
  type AdamwOptions,
  type AdamwState,
  clipByGlobalNorm,
  type UpdateScalars,
} from "./adamw.ts";

export type UpdateInputs = {
  readonly state: AdamwState & { readonly [name: string]: Weights };
  readonly gradients: Weights;
  readonly scalars: UpdateScalars<tf.Tensor> & { readonly [name: string]: tf.Tensor };
};

export type UpdateOutputs = {
  readonly state: AdamwState & { readonly [name: string]: Weights };
  /** The gradients' joint norm before clipping. */
  readonly norm: tf.Tensor;
};

export function clippedUpdate(
  { state, gradients, scalars }: UpdateInputs,
  { clip, ...options }: AdamwOptions & { readonly clip: number },
): UpdateOutputs {
  const clipped = clipByGlobalNorm(gradients, clip);
  const next = adamw(state, clipped.gradients, scalars, options);
  return { state: { ...next }, norm: clipped.norm };
}
