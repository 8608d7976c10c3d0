/** Where the maps of two branches start: at the canonical correlation of texts and pictures, or anywhere. */
import type { RandomStream } from "../../../pipeline/contract/random_stream.ts";
import type { FeatureSet } from "../../data/feature_set.ts";
import type { PictureVectors } from "../../data/picture_vectors.ts";
import {
  canonicalCorrelation,
  meanLength,
  type Projection,
  type Ridge,
} from "../../model/canonical_correlation.ts";
import type { HostTensor, HostWeights } from "../../model/weights.ts";
import { startingTensor } from "../../model/initial_weights.ts";
import type { Model } from "../../model/checkpoint/model_artifact.ts";
import { extraParameters } from "../../model/parameters.ts";
import type { Compute } from "../../tensorflow/kernels/backend.ts";
import type { SplitIndex } from "../../batch/split_index.ts";
import { sentenceEmbeddings } from "../../score/sentence_embeddings.ts";

export interface BranchStart {
  readonly set: FeatureSet;
  readonly index: SplitIndex;
  readonly pictures: PictureVectors;
  readonly ridge: Ridge;
  readonly xla: boolean;
  after?(done: number, total: number): Promise<void>;
}

/**
 * Both maps from the closed form on this split, scaled so that its vectors have length 1 on average:
 * cosines are then those of `linear_baseline` fitted on it.
 */
export async function correlatedBranches(
  compute: Compute,
  model: Model,
  { set, index, pictures, ridge, ...options }: BranchStart,
): Promise<HostWeights> {
  const texts = await sentenceEmbeddings(compute, model, index, { set, ...options });
  const images = index.images.map((image) => pictures(image));
  const { x, y } = canonicalCorrelation(images, texts, index.imageOfText, ridge);
  return { ...linearMap("branch_text", y, texts), ...linearMap("branch_image", x, images) };
}

/** Maps drawn as other fresh tensors are, into a space as wide as the model. */
export function randomBranches(
  { config }: Pick<Model, "config">,
  random: RandomStream,
): HostWeights {
  const parameters = extraParameters(config, ["branch_contrast"], { common: config.hidden_size });
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
