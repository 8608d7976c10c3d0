/**
 * Frozen branches beneath the cross-encoder, which then learns what they do not know:
 *
 *     score(t, i) = cross(t, i) + weight cos(t, i)
 *
 * Texts are encoded once, before training. Pictures are mapped within each step, because training
 * leaves out channels of their features: branches that have learned a small training split by heart
 * would leave nothing to learn there. Wrong answers that the branches find likely are worth learning
 * from (ALBEF, arXiv 2107.07651, section 3.2, which draws them by such cosines).
 */
import * as tf from "@tensorflow/tfjs-core";
import type { PictureVectors } from "../data/picture_vectors.ts";
import type { Axes } from "../model/axes.ts";
import { branchWeights, pictureVectors, sentenceVectors } from "../model/branches.ts";
import { dropChannels } from "../model/feature_drop.ts";
import type { DeviceRandom } from "../model/keyed_random.ts";
import type { Model } from "../model/checkpoint/model_artifact.ts";
import { weightsOnDevice } from "../model/weights.ts";
import type { Compute } from "../tensorflow/kernels/backend.ts";
import { matrixOf } from "./branches.ts";
import type { Cosine } from "../batch/sampling.ts";
import type { SplitIndex } from "../batch/split_index.ts";
import { sentenceEmbeddings, type SentenceOptions } from "./sentence_embeddings.ts";

/** What steps read beside `pictures` and `pictureMean` of `pictureTable`. */
export interface BranchTables {
  readonly [name: string]: tf.Tensor;
  /** Of length 1. */
  readonly branchTexts: Axes<"text common">;
  readonly "branch_image.weight": tf.Tensor;
  readonly "branch_image.bias": tf.Tensor;
}

export interface FrozenBranches {
  readonly tables: BranchTables;
  /** Of whole pictures, on the host: for choosing what a step sees. */
  readonly cosine: Cosine;
}

export interface FrozenBranchOptions extends SentenceOptions {
  readonly index: Pick<SplitIndex, "captions" | "images">;
  readonly pictures: PictureVectors;
}

export async function frozenBranches(
  compute: Compute,
  { config, weights: stored }: Model,
  { index, pictures, ...options }: FrozenBranchOptions,
): Promise<FrozenBranches> {
  const weights = branchWeights(stored);
  const means = await sentenceEmbeddings(compute, { config, weights }, index, options);
  const named = (branch: string) => [`${branch}.weight`, `${branch}.bias`];
  const [text, image] = ["branch_text", "branch_image"].map((branch) =>
    weightsOnDevice(weights, named(branch))
  );
  const branchTexts = tf.tidy(() => sentenceVectors(text!, matrixOf(means)) as tf.Tensor);
  const seen = tf.tidy(() =>
    pictureVectors(image!, matrixOf(index.images.map((row) => pictures(row)))) as tf.Tensor
  );
  const [texts, images] = [branchTexts, seen].map((rows) => rows.dataSync<"float32">());
  const common = branchTexts.shape[1]!;
  tf.dispose([text!, seen]);
  return {
    tables: { branchTexts, ...image } as unknown as BranchTables,
    cosine(row, column) {
      let sum = 0;
      for (let i = 0; i < common; i++) {
        sum += texts![row * common + i]! * images![column * common + i]!;
      }
      return sum;
    },
  };
}

export interface BranchRows {
  /** int32, rows of the tables. */
  readonly texts: tf.Tensor;
  readonly images: tf.Tensor;
}

/** The vectors of texts and of pictures within a step, the latter with channels left out. */
export function branchVectors(
  tables: Readonly<Record<string, tf.Tensor>>,
  { texts, images }: BranchRows,
  { drop = 0, random }: {
    readonly drop?: number | undefined;
    readonly random?: DeviceRandom | undefined;
  } = {},
): { readonly texts: Axes<"text common">; readonly pictures: Axes<"image common"> } {
  const whole = tf.gather(tables["pictures"]!, images);
  const seen = random === undefined ? whole : dropChannels(whole, {
    rate: drop,
    random: random.fork("channels"),
    centre: tables["pictureMean"]!,
  });
  return {
    texts: tf.gather(tables["branchTexts"]!, texts),
    pictures: pictureVectors(tables, seen),
  };
}
