/** Where the maps of two branches start: at the canonical correlation of texts and pictures, or anywhere. */
import { yieldToEvents } from "../../../pipeline/contract/progress.ts";
import {
  canonicalCorrelation,
  meanLength,
  type Projection,
} from "../../model/canonical_correlation.ts";
import type { HostTensor, HostWeights } from "../../model/weights.ts";
import { startingTensor } from "../../model/initial_weights.ts";
import { extraParameters } from "../../model/parameters.ts";
import { sentenceEmbeddings } from "../../score/sentence_embeddings.ts";
import type { StartSource } from "./task.ts";

export async function freshBranches(source: StartSource): Promise<HostWeights> {
  const { context: { parameters, progress } } = source;
  if (parameters.warm_start === "random") return randomBranches(source);
  progress.say("both branches start at the canonical correlation of the training split");
  return await correlatedBranches(source);
}

/**
 * Both maps from the closed form on this split, scaled so that its vectors have length 1 on average:
 * cosines are then those of `linear_baseline` fitted on it.
 */
async function correlatedBranches(
  { context, compute, model, set, index, pictures }: StartSource,
): Promise<HostWeights> {
  const { parameters: p, progress, signal } = context;
  const texts = await sentenceEmbeddings(compute, model, index, {
    set,
    xla: p.xla,
    async after(done, total) {
      progress.report(done, total, "captions");
      await yieldToEvents();
      signal.throwIfAborted();
    },
  });
  const images = index.images.map((image) => pictures!(image));
  const ridge = { x: p.image_ridge, y: p.text_ridge };
  const { x, y } = canonicalCorrelation(images, texts, index.imageOfText, ridge);
  return { ...linearMap("branch_text", y, texts), ...linearMap("branch_image", x, images) };
}

/** Maps drawn as other fresh tensors are, into a space as wide as the model. */
function randomBranches({ model: { config }, random }: StartSource): HostWeights {
  const parameters = extraParameters(config, { common: config.hidden_size })
    .filter(({ name }) => name.startsWith("branch_"));
  return Object.fromEntries(
    parameters.map((parameter) => [parameter.name, startingTensor(parameter, config, random)]),
  );
}

/** v -> scale (v - mean) M as a weight [common, input] and a bias. */
function linearMap(
  name: string,
  { mean, matrix }: Projection,
  rows: readonly ArrayLike<number>[],
): Record<string, HostTensor> {
  const { rows: inputs, columns: common } = matrix;
  const scale = 1 / meanLength(rows, { mean, matrix });
  const weight = new Float32Array(common * inputs);
  const bias = new Float64Array(common);
  for (let input = 0; input < inputs; input++) {
    for (let out = 0; out < common; out++) {
      const value = matrix.get(input, out) * scale;
      weight[out * inputs + input] = value;
      bias[out]! -= value * mean[input]!;
    }
  }
  return {
    [`${name}.weight`]: { shape: [common, inputs], values: weight },
    [`${name}.bias`]: { shape: [common], values: Float32Array.from(bias) },
  };
}
