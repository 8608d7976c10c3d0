/**
 * Two branches beside the encoder of pairs: one vector per text and one per picture, of length 1, so
 * that a split is ranked with one product of matrices.
 *
 *     text    = unit(W_text mean over words of the text-only encoder + b_text)
 *     picture = unit(W_image picture + b_image)
 *
 * Beneath the scores of a model that was tuned on top of them, they count `branch_weight` times.
 *
 * A model has them as `branch_text` and `branch_image` once it was trained on `branch_contrast`.
 */
import { Complaint } from "../../pipeline/contract/complaint.ts";
import type { Axes } from "./axes.ts";
import type { Configuration } from "./configuration.ts";
import type { Training } from "./embeddings.ts";
import { linear } from "./layers.ts";
import { encodeText, meanOfWords } from "./text_encoder.ts";
import { unitVectors } from "./unit_vectors.ts";
import type { HostWeights, Weights } from "./weights.ts";

/** Where branches were frozen: their own text encoder, beside one that goes on learning. */
const frozen = "branch_encoder.";

/** Weights by the names that the branches read, their own text encoder in the shared one's place. */
export function branchWeights<Value>(
  weights: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const own = Object.entries(weights).filter(([name]) => name.startsWith(frozen));
  if (own.length === 0) return weights;
  const renamed = own.map(([name, value]) => [name.slice(frozen.length), value] as const);
  return { ...weights, ...Object.fromEntries(renamed) };
}

/**
 * A model whose branches keep the text encoder that they have now, whatever is trained later.
 * @param weight of their cosines beneath the scores that are trained
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

/** What cosines count in the scores of a model that was tuned on top of its branches. */
export function learnedBranchWeight(weights: HostWeights): number | undefined {
  return weights["branch_weight"]?.values[0];
}

/** Whether a text encoder by itself reads a weight. */
export const isOfText = (name: string) => /^uniter\.(embeddings|encoder)\./.test(name);

/** Whether a model has branches. */
export function hasBranches(weights: Readonly<Record<string, unknown>>): boolean {
  return weights["branch_text.weight"] !== undefined;
}

/** @throws {Complaint} for a model without branches */
export function requireBranches(
  weights: Readonly<Record<string, unknown>>,
  wanting: string,
): void {
  if (hasBranches(weights)) return;
  throw new Complaint(
    `${wanting} wants a model with two branches, and this one has no \`branch_text\``,
    "pretrain it with `tasks: { branch_contrast: 1 }`, or do without the branches",
    { exitCode: 1 },
  );
}

/** What a branch makes of texts. */
export function textVectors(
  weights: Weights,
  config: Configuration,
  texts: { readonly tokens: Axes<"text word">; readonly wordMask: Axes<"text word"> },
  training: Training = {},
): Axes<"text common"> {
  const encoded = encodeText(weights, config, texts, training);
  return sentenceVectors(weights, meanOfWords(encoded, texts.wordMask));
}

/** As `textVectors`, from the means over words. */
export function sentenceVectors(
  weights: Weights,
  means: Axes<"text hidden">,
): Axes<"text common"> {
  return unitVectors(linear(weights, "branch_text", means));
}

/** What a branch makes of pictures: the mean of their feature map, or of their regions. */
export function pictureVectors(
  weights: Weights,
  pictures: Axes<"image feature">,
): Axes<"image common"> {
  return unitVectors(linear(weights, "branch_image", pictures));
}
