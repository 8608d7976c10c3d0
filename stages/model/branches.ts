/**
 * Two branches next to the encoder of pairs: one vector of length 1 per text and one per image, so a
 * whole split is ranked with one matrix product.
 *
 *     text  = unit(W_text (mean over words of the text encoder) + b_text)
 *     image = unit(W_image (feature vector of the image) + b_image)
 *
 * A model that was pretrained with `branch_contrast` has them, as `branch_text` and `branch_image`. A
 * model that was fine-tuned on top of them adds their cosine, times `branch_weight`, to its scores.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { Axes } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import { linear } from "./layers.ts";
import { encodeText, meanOfWords } from "./text_encoder.ts";
import { unitVectors } from "./unit_vectors.ts";
import type { HostWeights, Weights } from "./weights.ts";

/** Prefix of the text encoder of frozen branches, next to the one that is still trained. */
const frozen = "branch_encoder.";

/** The weights as the branches read them: their own text encoder, if any, in place of the shared one. */
export function branchWeights<Value>(
  weights: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(frozen));
  if (own.length === 0) return weights;
  const renamed = own.map(([name, value]) => [name.slice(frozen.length), value] as const);
  return { ...weights, ...Object.fromEntries(renamed) };
}

/**
 * A model whose branches keep their present text encoder in later training.
 * @param weight the factor of their cosines in the scores
 */
export function withFrozenBranches(weights: HostWeights, weight: number): HostWeights {
  const shared = hasFrozenBranches(weights)
    ? []
    : Object.entries(weights).filter(([name]) => isOfText(name));
  return {
    ...weights,
    ...Object.fromEntries(shared.map(([name, value]) => [`${frozen}${name}`, value])),
    branch_weight: { shape: [1], values: Float32Array.of(weight) },
  };
}

export function hasFrozenBranches(weights: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(weights).some((name) => name.startsWith(frozen));
}

/** The factor of the cosines in the scores of a model that was tuned on top of its branches. */
export function learnedBranchWeight(weights: HostWeights): number | undefined {
  return weights["branch_weight"]?.values[0];
}

/** Whether a weight belongs to the text encoder. */
export const isOfText = (name: string) => /^uniter\.(embeddings|encoder)\./.test(name);

/** Whether a model has branches. */
export function hasBranches(weights: Readonly<Record<string, unknown>>): boolean {
  return weights["branch_text.weight"] !== undefined;
}

/** @throws {Complaint} for a model without branches */
export function requireBranches(
  weights: Readonly<Record<string, unknown>>,
  option: string,
): void {
  if (hasBranches(weights)) return;
  throw new Complaint(
    `${option} requires a model with two branches, but this one has no \`branch_text\``,
    "pretrain it with `tasks: { branch_contrast: 1 }`, or do not use the branches",
    { exitCode: 1 },
  );
}

/** The text branch. */
export function textVectors(
  weights: Weights,
  config: Configuration,
  texts: { readonly tokens: Axes<"text word">; readonly wordMask: Axes<"text word"> },
  training: Training = {},
): Axes<"text common"> {
  const encoded = encodeText(weights, config, texts, training);
  return sentenceVectors(weights, meanOfWords(encoded, texts.wordMask));
}

/** The text branch after the encoder, from the means over words. */
export function sentenceVectors(
  weights: Weights,
  means: Axes<"text hidden">,
): Axes<"text common"> {
  return unitVectors(linear(weights, "branch_text", means));
}

/** The image branch. @param pictures the mean of each feature map, or of the regions */
export function pictureVectors(
  weights: Weights,
  pictures: Axes<"image feature">,
): Axes<"image common"> {
  return unitVectors(linear(weights, "branch_image", pictures));
}
